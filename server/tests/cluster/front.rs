//! nginx in front of the panel, in the cluster and as it comes: its own buffering, its own time-outs, no header set.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::kubectl::{apply, delete_namespaces, kubectl};

/// Apart from the panel's: an ingress controller is not its neighbour either.
const NAMESPACE: &str = "workshop-front";

/// The proxy's image, where the cluster does not reach Docker Hub.
const IMAGE: &str = "WORKSHOP_TEST_NGINX_IMAGE";
const DEFAULT_IMAGE: &str = "docker.io/nginxinc/nginx-unprivileged:1.28";

/// A way from this machine to nginx; closed when dropped, and nginx with it.
pub(crate) struct Front {
    forward: Child,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
}

/// An address of this machine that nobody listens on.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    address.to_string()
}

impl Front {
    /// Starts nginx before `service`, reached at `address`.
    pub(crate) fn start(service: &str, address: String) -> Self {
        delete_namespaces(&[NAMESPACE.to_owned()]);
        kubectl(&["create", "namespace", NAMESPACE]);
        apply(NAMESPACE, &manifest(service));
        let deployment = "deployment/front";
        kubectl(&[
            "rollout",
            "status",
            deployment,
            "-n",
            NAMESPACE,
            "--timeout=60s",
        ]);
        let port = address.rsplit(':').next().unwrap_or_default();
        let mut forward = Command::new("kubectl")
            .args(["port-forward", deployment, "-n", NAMESPACE])
            .arg(format!("{port}:8080"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl runs");
        let output = forward.stdout.take().expect("its output is ours");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let ready = lines.any(|line| line.starts_with("Forwarding from"));
        assert!(ready, "kubectl forwards a port to nginx");
        // It goes on telling of each connection, and ends when nobody reads that.
        std::thread::spawn(move || lines.for_each(drop));
        Self { forward, address }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // It may have ended by itself; the test says so elsewhere.
        let _ = self.forward.kill();
        let _ = self.forward.wait();
        delete_namespaces(&[NAMESPACE.to_owned()]);
    }
}

fn manifest(service: &str) -> String {
    let image = std::env::var(IMAGE).unwrap_or_else(|_| DEFAULT_IMAGE.to_owned());
    format!(
        r#"
apiVersion: v1
kind: ConfigMap
metadata: {{name: front}}
data:
  nginx.conf: |
    daemon off;
    pid /tmp/nginx.pid;
    error_log /dev/stderr;
    events {{}}
    http {{
      access_log off;
      client_body_temp_path /tmp/body;
      proxy_temp_path /tmp/proxy;
      fastcgi_temp_path /tmp/fastcgi;
      uwsgi_temp_path /tmp/uwsgi;
      scgi_temp_path /tmp/scgi;
      server {{
        listen 8080;
        location / {{ proxy_pass http://{service}; }}
      }}
    }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: front}}
spec:
  selector: {{matchLabels: {{app: front}}}}
  template:
    metadata: {{labels: {{app: front}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: nginx
          image: {image}
          imagePullPolicy: IfNotPresent
          command: [nginx, -c, /etc/front/nginx.conf]
          securityContext: {{runAsUser: 65532, runAsGroup: 65532}}
          readinessProbe: {{tcpSocket: {{port: 8080}}, periodSeconds: 1}}
          volumeMounts:
            - {{name: front, mountPath: /etc/front}}
            - {{name: tmp, mountPath: /tmp}}
      volumes:
        - {{name: front, configMap: {{name: front}}}}
        - {{name: tmp, emptyDir: {{}}}}
"#
    )
}
