{{/* Refuses, with a sentence, what the schema cannot see: values that do not go together. */}}
{{- define "workshop.validate" -}}
{{- $url := .Values.publicUrl -}}
{{- if not $url -}}
{{- fail "publicUrl is missing: the address in people's browsers, such as --set publicUrl=https://workshop.example.org" -}}
{{- end -}}
{{- if not (regexMatch "^https?://[^/?#@\\s]+/?$" $url) -}}
{{- fail (printf "publicUrl %s must be http:// or https:// and a host, and nothing more: the panel cannot live under a path" $url) -}}
{{- end -}}
{{- $host := include "workshop.host" . -}}
{{- $https := hasPrefix "https://" $url -}}
{{- $loopback := or (eq $host "localhost" "::1") (regexMatch "^127(\\.[0-9]+){3}$" $host) -}}
{{- if not (or $https $loopback .Values.insecureHttp) -}}
{{- fail (printf "publicUrl %s would send codes and cookies readable over the network: use https, or allow it with --set insecureHttp=true" $url) -}}
{{- end -}}
{{- if or .Values.ingress.enabled .Values.gateway.enabled -}}
{{- if or (regexMatch "^[0-9.]+$" $host) (contains ":" $host) $loopback -}}
{{- fail (printf "publicUrl %s has no host name that an Ingress or HTTPRoute could have: give a DNS name" $url) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled .Values.ingress.tls.secretName (not $https) -}}
{{- fail (printf "ingress.tls.secretName is set, but publicUrl %s is http: use https" $url) -}}
{{- end -}}
{{- if and .Values.ingress.enabled .Values.ingress.tls.secretName (not .Values.ingress.tls.enabled) -}}
{{- fail "ingress.tls.secretName is set, but ingress.tls.enabled is false: set one of them" -}}
{{- end -}}
{{- if and .Values.gateway.enabled (not .Values.gateway.parentRefs) -}}
{{- fail "gateway.parentRefs is empty: name the Gateway, such as --set gateway.parentRefs[0].name=public" -}}
{{- end -}}
{{- if .Values.oidc.enabled -}}
{{- range $key := list "issuer" "clientId" "rules" -}}
{{- if not (get $.Values.oidc $key) -}}
{{- fail (printf "oidc.%s is missing: single sign-on needs issuer, clientId and rules" $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor needs metrics.enabled=true" -}}
{{- end -}}
{{- range $key, $_ := .Values.podLabels -}}
{{- if regexMatch "^(app\\.kubernetes\\.io|helm\\.sh)/" $key -}}
{{- fail (printf "podLabels.%s is the chart's own: take another name" $key) -}}
{{- end -}}
{{- end -}}
{{- $values := dict
  "public-url" "publicUrl" "insecure-http" "insecureHttp" "trusted-proxies" "trustedProxies" "namespaced" "namespaced"
  "app-image" "workshop.appImage" "load-image" "workshop.loadImage" "image-pull-secrets" "workshop.imagePullSecrets"
  "oidc-issuer" "oidc.issuer" "oidc-client-id" "oidc.clientId" "oidc-client-secret-file" "oidc.existingSecret"
  "oidc-ca-file" "oidc.caConfigMap" "oidc-rule" "oidc.rules" "oidc-contact" "oidc.contact" "metrics-listen" "metrics.enabled"
-}}
{{- range $key, $_ := .Values.config -}}
{{- if hasKey $values $key -}}
{{- fail (printf "config.%s is set by another value: use %s" $key (get $values $key)) -}}
{{- end -}}
{{- if has $key (list "panel-namespace" "listen" "site" "kubeconfig" "config") -}}
{{- fail (printf "config.%s is the chart's own: leave it away" $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
