# A Coder workspace on Kubernetes whose agents run inside boundary, with boundary-log-proxy as a sidecar container.
#
# The proxy takes the audit logs over a socket in a volume that both containers share, and delivers them to coderd with the workspace's own agent token.
# Coder's agent keeps its own, built-in log proxy on its default socket; nobody writes to it, because boundary is pointed at ours.

terraform {
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.0"
    }
    kubernetes = {
      source = "hashicorp/kubernetes"
    }
  }
}

variable "namespace" {
  type        = string
  description = "The namespace that workspaces are made in."
}

variable "workspace_image" {
  type        = string
  description = "The image of the workspace, with boundary in it."
  default     = "codercom/enterprise-base:ubuntu"
}

variable "proxy_image" {
  type        = string
  description = "An image with boundary-log-proxy on its PATH, as packaging/container/Dockerfile makes it."
}

locals {
  # At most 107 bytes.
  socket_directory = "/run/boundary"
  socket           = "${local.socket_directory}/audit.sock"
}

data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}

resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}

# Reaches the agent's sessions, and so boundary, but not the agent itself: that one would listen there.
resource "coder_env" "boundary_socket" {
  agent_id = coder_agent.main.id
  name     = "CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH"
  value    = local.socket
}

resource "kubernetes_secret" "agent_token" {
  metadata {
    name      = "coder-${data.coder_workspace.me.id}-agent"
    namespace = var.namespace
  }
  data = {
    token = coder_agent.main.token
  }
}

resource "kubernetes_pod" "workspace" {
  count = data.coder_workspace.me.start_count

  metadata {
    name      = "coder-${lower(data.coder_workspace_owner.me.name)}-${lower(data.coder_workspace.me.name)}"
    namespace = var.namespace
  }

  spec {
    # Longer than --drain-timeout and the five seconds after it, in which what is left goes into the spool: what waits is delivered when the workspace stops.
    termination_grace_period_seconds = 30

    security_context {
      # One user for both containers, so that the socket needs no wider rights than 0600.
      run_as_user = 1000
      fs_group    = 1000
    }

    container {
      name    = "workspace"
      image   = var.workspace_image
      command = ["sh", "-c", coder_agent.main.init_script]

      env {
        name  = "CODER_AGENT_TOKEN"
        value = coder_agent.main.token
      }

      volume_mount {
        name       = "boundary"
        mount_path = local.socket_directory
      }
    }

    container {
      name    = "boundary-log-proxy"
      image   = var.proxy_image
      command = ["boundary-log-proxy", "--metrics-listen", "0.0.0.0:9464", "--drain-timeout", "20s"]

      security_context {
        run_as_non_root            = true
        allow_privilege_escalation = false
        read_only_root_filesystem  = true
        capabilities {
          drop = ["ALL"]
        }
        seccomp_profile {
          type = "RuntimeDefault"
        }
      }

      env {
        name  = "BOUNDARY_LOG_PROXY_SOCKET"
        value = local.socket
      }
      env {
        name  = "BOUNDARY_LOG_PROXY_SPOOL_DIR"
        value = "/var/lib/boundary-log-proxy/spool"
      }
      env {
        name  = "CODER_AGENT_URL"
        value = data.coder_workspace.me.access_url
      }
      env {
        name  = "CODER_AGENT_TOKEN_FILE"
        value = "/run/secrets/coder-agent/token"
      }

      startup_probe {
        http_get {
          path = "/healthz"
          port = 9464
        }
        period_seconds    = 1
        failure_threshold = 60
      }
      liveness_probe {
        http_get {
          path = "/healthz"
          port = 9464
        }
        timeout_seconds = 5
      }
      # Not ready while coderd refuses or cannot be reached: to be seen, and no reason for a restart.
      readiness_probe {
        http_get {
          path = "/readyz"
          port = 9464
        }
      }

      resources {
        requests = {
          cpu    = "5m"
          memory = "32Mi"
        }
        limits = {
          # The buffer (16 MiB), the program itself, and room.
          memory = "64Mi"
        }
      }

      volume_mount {
        name       = "boundary"
        mount_path = local.socket_directory
      }
      volume_mount {
        name       = "spool"
        mount_path = "/var/lib/boundary-log-proxy"
      }
      volume_mount {
        name       = "agent-token"
        mount_path = "/run/secrets/coder-agent"
        read_only  = true
      }
    }

    volume {
      name = "boundary"
      empty_dir {}
    }

    # What could not be delivered yet, over restarts of the container. It ends with the pod: a persistent volume would keep it over rebuilds too.
    volume {
      name = "spool"
      empty_dir {
        size_limit = "512Mi"
      }
    }

    volume {
      name = "agent-token"
      secret {
        secret_name = kubernetes_secret.agent_token.metadata[0].name
      }
    }
  }
}
