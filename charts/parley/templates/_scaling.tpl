{{/* What scales a program, and its budget: (dict "root" . "name" "api" "program" .Values.api) */}}
{{- define "parley.scaling" -}}
{{- with .program.autoscaling }}
{{- if and .enabled .kedaTriggers }}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: parley-{{ $.name }}
  namespace: {{ $.root.Release.Namespace }}
  labels: {{- include "parley.labels" $.root | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: parley-{{ $.name }}}
  minReplicaCount: {{ .minReplicas }}
  maxReplicaCount: {{ .maxReplicas }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{- include "parley.scalingBehaviour" . | nindent 8 }}
  triggers:
    - {type: cpu, metricType: Utilization, metadata: {value: {{ .cpuPercent | quote }}}}
    {{- toYaml .kedaTriggers | nindent 4 }}
{{- else if .enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: parley-{{ $.name }}
  namespace: {{ $.root.Release.Namespace }}
  labels: {{- include "parley.labels" $.root | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: parley-{{ $.name }}}
  minReplicas: {{ .minReplicas }}
  maxReplicas: {{ .maxReplicas }}
  behavior: {{- include "parley.scalingBehaviour" . | nindent 4 }}
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ .cpuPercent }}}}}
    {{- with .metrics }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}
{{- end }}
---
{{ include "parley.budget" (dict "root" .root "name" .name "least" (include "parley.least" .)) }}
{{- end -}}

{{/* Up at once; down by a pod in five minutes, for each takes its candidates' connections along, who join again. */}}
{{- define "parley.scalingBehaviour" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies: [{type: Percent, value: 100, periodSeconds: 30}, {type: Pods, value: 2, periodSeconds: 30}]
scaleDown:
  stabilizationWindowSeconds: 600
  policies: [{type: Pods, value: 1, periodSeconds: 300}]
{{- end -}}

{{/* A drain takes one pod at a time; none where there is one alone, which it would wait for, for ever:
(dict "root" . "name" "api" "least" 2) */}}
{{- define "parley.budget" -}}
{{- if gt (int .least) 1 -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: parley-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "parley.labels" .root | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "parley.selector" . | nindent 6 }}
{{- end }}
{{- end -}}
