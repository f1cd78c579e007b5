{{/* The names of everything are fixed, for one installation has a namespace of its own. */}}
{{- define "parley.labels" -}}
app.kubernetes.io/part-of: parley
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* What selects a component's pods: (dict "root" . "name" "api") */}}
{{- define "parley.selector" -}}
app.kubernetes.io/name: parley-{{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{/* (dict "root" . "image" .Values.api.image). A digest wins over the image's own tag, which is then for
people alone. */}}
{{- define "parley.image" -}}
{{- with .root.Values.image.registry }}{{ . }}/{{ end }}{{ .image.repository }}
{{- with .image.digest }}@{{ . }}{{ else }}:{{ .image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end -}}

{{- define "parley.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "parley.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Of a CronJob's Jobs. Fargate bills a pod that is done until it is removed, and its log is in CloudWatch; elsewhere the
last ones stay to be looked at. */}}
{{- define "parley.finishedJob" -}}
{{- if eq .Values.platform "fargate" -}}
ttlSecondsAfterFinished: 3600
{{- end }}
{{- end -}}

{{- define "parley.corsOrigins" -}}
{{- if .Values.api.corsOrigins }}{{ .Values.api.corsOrigins | toJson }}{{ else }}{{ list .Values.links.baseUrl | toJson }}{{ end }}
{{- end -}}

{{/* The Secret with Daily's key: the emulator's when it runs; empty: no Daily rooms. */}}
{{- define "parley.dailySecret" -}}
{{- if .Values.emulators.daily.enabled }}parley-daily-emulator{{ else }}{{ .Values.rooms.daily.existingSecret }}{{ end }}
{{- end -}}

{{/* Where Daily is reached, and where its key is. */}}
{{- define "parley.dailyEnv" -}}
{{- with include "parley.dailySecret" . }}
{{- if $.Values.emulators.daily.enabled }}
- {name: PARLEY_DAILY_API_URL, value: {{ printf "http://parley-daily.%s.svc:8080/v1" $.Release.Namespace | quote }}}
{{- else }}
- {name: PARLEY_DAILY_API_URL, value: {{ $.Values.rooms.daily.apiUrl | quote }}}
{{- end }}
- {name: PARLEY_DAILY_API_KEY_FILE, value: /etc/parley/daily/DAILY_API_KEY}
- {name: PARLEY_DAILY_SECRET, value: {{ printf "%s/%s" $.Release.Namespace . | quote }}}
{{- end }}
{{- end -}}

{{/* A folder, for a single file would not follow the Secret; optional, so that what needs no Daily runs without it. */}}
{{- define "parley.dailyVolume" -}}
{{- with include "parley.dailySecret" . }}
- name: daily
  secret: {secretName: {{ . }}, optional: true, defaultMode: 0440, items: [{key: DAILY_API_KEY, path: DAILY_API_KEY}]}
{{- end }}
{{- end -}}

{{- define "parley.dailyMount" -}}
{{- if include "parley.dailySecret" . }}
- {name: daily, mountPath: /etc/parley/daily, readOnly: true}
{{- end }}
{{- end -}}

{{/* The store's settings, for the API and the retention job alike. */}}
{{- define "parley.storeEnv" -}}
- {name: PARLEY_STORE__TYPE, value: {{ .Values.store.type }}}
{{- if eq .Values.store.type "folder" }}
- {name: PARLEY_STORE__PATH, value: /store}
{{- else }}
{{- with .Values.store.s3 }}
- {name: PARLEY_STORE__BUCKET, value: {{ required "store.s3.bucket is needed when store.type is s3" .bucket | quote }}}
- {name: PARLEY_STORE__REGION, value: {{ .region | quote }}}
{{- with .endpointUrl }}
- {name: PARLEY_STORE__ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .kmsKeyId }}
- {name: PARLEY_STORE__KMS_KEY_ID, value: {{ . | quote }}}
{{- end }}
{{- if .existingSecret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: AWS_ACCESS_KEY_ID}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: AWS_SECRET_ACCESS_KEY}}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "parley.storeVolume" -}}
{{- if eq .Values.store.type "folder" }}
- name: store
  persistentVolumeClaim: {claimName: {{ .Values.store.folder.existingClaim | default "parley-store" }}}
{{- end }}
{{- end -}}

{{- define "parley.storeMount" -}}
{{- if eq .Values.store.type "folder" }}
- {name: store, mountPath: /store}
{{- end }}
{{- end -}}

{{/* A pod's projected token for the API's internal port. */}}
{{- define "parley.internalToken" -}}
- name: internal
  projected:
    sources:
      - serviceAccountToken: {audience: parley-api, expirationSeconds: 3600, path: token}
      - configMap: {name: parley-internal-ca, items: [{key: ca.crt, path: ca.crt}]}
{{- end -}}

{{/* One pod a zone and a node, as far as there are enough of them: (dict "root" . "name" "api") */}}
{{- define "parley.spread" -}}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    # Only with its own revision: in a rollout the former one's pods are about to go.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- include "parley.selector" $ | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* How many of a program there are at least: (dict "program" .Values.api) */}}
{{- define "parley.least" -}}
{{- if .program.autoscaling.enabled }}{{ .program.autoscaling.minReplicas }}{{ else }}{{ .program.replicas }}{{ end }}
{{- end -}}

{{/* The host of a URL, without its port. */}}
{{- define "parley.host" -}}
{{- (urlParse .).hostname -}}
{{- end -}}
