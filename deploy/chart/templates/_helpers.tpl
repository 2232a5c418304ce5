{{/* Names are fixed: one panel a namespace, and the seats' Roles bind its account `panel` (server/src/names.rs). */}}
{{- define "workshop.name" -}}panel{{- end -}}

{{/* Of what belongs to the cluster: two panels on one cluster do not meet. */}}
{{- define "workshop.clusterName" -}}workshop-panel-{{ .Release.Namespace }}{{- end -}}

{{/* A Deployment's selector can never be changed. */}}
{{- define "workshop.selector" -}}
app.kubernetes.io/name: workshop
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: panel
{{- end -}}

{{- define "workshop.commonLabels" -}}
app.kubernetes.io/name: workshop
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: autoscaling-workshop
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "workshop.labels" -}}
{{ include "workshop.commonLabels" . }}
app.kubernetes.io/component: panel
{{- end -}}

{{- define "workshop.image" -}}
{{- with .Values.image -}}
{{- with .registry }}{{ . | trimSuffix "/" }}/{{ end -}}
{{- .repository -}}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The host of publicUrl, without its port. */}}
{{- define "workshop.host" -}}
{{- (urlParse .Values.publicUrl).hostname -}}
{{- end -}}

{{/* The port of the provider of single sign-on. */}}
{{- define "workshop.oidcPort" -}}
{{- $issuer := urlParse .Values.oidc.issuer -}}
{{- regexFind ":[0-9]+$" $issuer.host | trimPrefix ":" | default (ternary "443" "80" (eq $issuer.scheme "https")) -}}
{{- end -}}

{{- define "workshop.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* What Pod Security `restricted` asks of a pod and of a container. */}}
{{- define "workshop.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "workshop.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
