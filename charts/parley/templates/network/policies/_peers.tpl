{{/* Every public address: what IANA's registries of special addresses name is left out, and the metadata service with it. */}}
{{- define "parley.publicPeers" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except:
      - 0.0.0.0/8
      - 10.0.0.0/8
      - 100.64.0.0/10
      - 127.0.0.0/8
      - 169.254.0.0/16
      - 172.16.0.0/12
      - 192.0.0.0/24
      - 192.0.2.0/24
      - 192.88.99.0/24
      - 192.168.0.0/16
      - 198.18.0.0/15
      - 198.51.100.0/24
      - 203.0.113.0/24
      - 224.0.0.0/3
- ipBlock:
    cidr: 2000::/3
    # Teredo and 6to4 hold IPv4 addresses of any kind.
    except: ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]
{{- end -}}

{{/* The pods of a program of the release's namespace, from whichever namespace: (dict "root" . "name" "api") */}}
{{- define "parley.programPeer" -}}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .root.Release.Namespace }}}}
  podSelector: {matchLabels: {{ include "parley.selector" . | fromYaml | toJson }}}
{{- end -}}

{{- define "parley.botPeer" -}}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .Values.bots.namespace }}}}
  podSelector: {matchLabels: {app.kubernetes.io/name: parley-bot, parley.dev/installation: {{ .Values.installation | quote }}}}
{{- end -}}

{{/* Networks as peers: (list "10.0.0.0/16") */}}
{{- define "parley.networkPeers" -}}
{{- range . }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "parley.dnsRule" -}}
- to: {{- toYaml .Values.networkPolicies.dns | nindent 4 }}
  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- end -}}

{{- define "parley.apiServerRule" -}}
- to: {{- toYaml .Values.networkPolicies.apiServer.peers | nindent 4 }}
  ports:
    {{- range .Values.networkPolicies.apiServer.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end -}}

{{/* Metadata and selector of the policy of a program of the release's namespace: (dict "root" . "name" "api") */}}
{{- define "parley.programPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: parley-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "parley.labels" .root | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "parley.selector" . | nindent 6 }}
{{- end -}}
