{{- define "spark360.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "spark360.tag" -}}{{ .Values.image.tag | default .Chart.AppVersion }}{{- end }}

{{- define "spark360.image" -}}
{{ .Values.image.repository }}:{{ include "spark360.tag" . }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Called with (dict "root" $ "role" "api"). */}}
{{- define "spark360.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "spark360.labels" -}}
{{ include "spark360.selector" . }}
app.kubernetes.io/version: {{ include "spark360.tag" .root | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "spark360.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "spark360.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* A variable from the Secret that exists. Called with (dict "root" $ "keys" (list "DATABASE_URL")). */}}
{{- define "spark360.secretEnv" -}}
{{- range .keys }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ required "secrets.existingSecret: the name of a Secret that exists" $.root.Values.secrets.existingSecret }}, key: {{ . }} } }
{{- end }}
{{- end }}

{{/* What every process is told. Each role gets only the secrets that it needs. */}}
{{- define "spark360.env" -}}
{{- $root := .root }}
{{- $wanted := get (dict "api" (list "TEMPORAL_API_KEY" "OUTBOX_DATABASE_URL") "worker" (list "SMTP_URL" "TEMPORAL_API_KEY" "OUTBOX_DATABASE_URL") "relay" (list "TEMPORAL_API_KEY" "OUTBOX_DATABASE_URL") "migrate" list) .role }}
{{- $keys := list "DATABASE_URL" }}
{{- if ne .role "migrate" }}{{ $keys = append $keys "ENCRYPTION_KEYS" }}{{ end }}
{{- if eq .role "api" }}{{ $keys = append $keys "ADMIN_API_KEY" }}{{ end }}
{{- range .root.Values.secrets.optional }}{{ if has . $wanted }}{{ $keys = append $keys . }}{{ end }}{{ end }}
{{- include "spark360.secretEnv" (dict "root" .root "keys" $keys) }}
- { name: HOST, value: 0.0.0.0 }
- { name: DATA_DIR, value: /tmp/spark360 }
{{- if eq .role "api" }}
- { name: PORT, value: '8080' }
{{- else if ne .role "migrate" }}
- { name: METRICS_PORT, value: '9464' }
{{- end }}
{{- if ne .role "migrate" }}
- { name: TEMPORAL_ADDRESS, value: {{ required "temporal.address: host:port" .root.Values.temporal.address | quote }} }
- { name: TEMPORAL_NAMESPACE, value: {{ .root.Values.temporal.namespace | quote }} }
{{- if .root.Values.secrets.temporalTls }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/temporal-tls/ca.crt }
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/temporal-tls/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/temporal-tls/tls.key }
{{- end }}
{{- end }}
{{- if and (eq .role "worker") .root.Values.worker.deploymentName }}
- { name: WORKER_DEPLOYMENT_NAME, value: {{ .root.Values.worker.deploymentName | quote }} }
- { name: WORKER_BUILD_ID, value: {{ required "worker.buildId: with worker.deploymentName" .root.Values.worker.buildId | quote }} }
{{- end }}
{{- range $name, $value := ternary dict .root.Values.config (eq .role "migrate") }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{/* A role's Deployment. Called with (dict "root" $ "role" "api" "command" (list …) "port" 8080 "values" .Values.api "scaled" true). */}}
{{- define "spark360.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "spark360.name" .root }}-{{ .role }}
  labels: {{- include "spark360.labels" . | nindent 4 }}
spec:
  {{- if not .scaled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  selector:
    matchLabels: {{- include "spark360.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "spark360.labels" . | nindent 8 }}
      {{- with .root.Values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "spark360.name" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      # Each process ends by itself within 20 s: requests and attempts under way finish.
      terminationGracePeriodSeconds: 30
      securityContext: {{- include "spark360.podSecurity" . | nindent 8 }}
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "spark360.selector" $ | nindent 14 }}
        {{- end }}
      containers:
        - name: {{ .role }}
          image: {{ include "spark360.image" .root | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: {{ .command | toJson }}
          env: {{- include "spark360.env" . | trim | nindent 12 }}
          ports: [{ name: http, containerPort: {{ .port }} }]
          startupProbe: { httpGet: { path: /healthz, port: http }, periodSeconds: 2, failureThreshold: 60 }
          # Never /readyz: a restart does not bring Postgres or Temporal back.
          livenessProbe: { httpGet: { path: /healthz, port: http }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 }
          readinessProbe: { httpGet: { path: /readyz, port: http }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 }
          securityContext: {{- include "spark360.containerSecurity" . | nindent 12 }}
          resources: {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
            {{- if .root.Values.secrets.temporalTls }}
            - { name: temporal-tls, mountPath: /etc/temporal-tls, readOnly: true }
            {{- end }}
      volumes:
        - { name: tmp, emptyDir: { sizeLimit: 64Mi } }
        {{- with .root.Values.secrets.temporalTls }}
        - { name: temporal-tls, secret: { secretName: {{ . }}, defaultMode: 288 } }
        {{- end }}
      {{- with .root.Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .root.Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .root.Values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
