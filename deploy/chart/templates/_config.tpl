{{/* The file that the panel reads: what the chart knows, and the options of `.Values.config`. */}}
{{- define "workshop.config" -}}
{{- $own := dict
  "public-url" .Values.publicUrl
  "insecure-http" .Values.insecureHttp
  "panel-namespace" .Release.Namespace
  "listen" "0.0.0.0:3000"
-}}
{{- if .Values.metrics.enabled }}{{ $_ := set $own "metrics-listen" "0.0.0.0:9090" }}{{ end -}}
{{- if .Values.namespaced }}{{ $_ := set $own "namespaced" true }}{{ end -}}
{{- with .Values.trustedProxies }}{{ $_ := set $own "trusted-proxies" . }}{{ end -}}
{{- with .Values.workshop.appImage }}{{ $_ := set $own "app-image" . }}{{ end -}}
{{- with .Values.workshop.loadImage }}{{ $_ := set $own "load-image" . }}{{ end -}}
{{- with .Values.workshop.imagePullSecrets }}{{ $_ := set $own "image-pull-secrets" . }}{{ end -}}
{{- with .Values.oidc }}
{{- if .enabled }}
{{- $_ := set $own "oidc-issuer" .issuer -}}
{{- $_ := set $own "oidc-client-id" .clientId -}}
{{- $_ := set $own "oidc-rule" .rules -}}
{{- if .existingSecret }}{{ $_ := set $own "oidc-client-secret-file" "/etc/workshop/oidc/client-secret" }}{{ end -}}
{{- if .caConfigMap }}{{ $_ := set $own "oidc-ca-file" "/etc/workshop/oidc/ca.crt" }}{{ end -}}
{{- with .contact }}{{ $_ := set $own "oidc-contact" . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- merge $own .Values.config | toYaml -}}
{{- end -}}
