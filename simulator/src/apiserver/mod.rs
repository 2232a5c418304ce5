//! The API server: answers every request from the store, over memory for `kube::Client` and over HTTP for kubectl.
//! Knows authentication, authorization, and the forms of requests and answers; behaviour is in the store,
//! admission and controllers.

mod absent;
mod applied;
mod apply;
mod audit;
mod authentication;
mod body;
mod custom_resource;
mod decode;
mod delete;
mod discovery;
mod http_server;
mod keda_webhook;
mod kind;
mod list;
mod metrics;
mod mismatch;
mod openapi;
mod options;
mod patch;
mod patched;
mod pod_log;
mod present;
mod rbac;
mod request;
mod respond;
mod review;
mod scale;
mod service;
mod table;
mod token;
mod watch;
mod write;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;

pub use audit::{Audit, AuditEvent};
pub use respond::Body;
pub use service::Service;

use authentication::Tokens;
use present::Presenter;
use rbac::Attributes;
use request::{PathInfo, Query, Shape, Target, Verb};
use write::Write;

use crate::faults::Faults;
use crate::identity::Identity;
use crate::status::{Result, Status};
use crate::store::Store;

/// The largest body. Upstream: `apiserver/pkg/server/config.go`, `MaxRequestBodyBytes`.
const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// Answers requests. One for the whole simulator.
#[derive(Debug)]
pub(crate) struct ApiServer {
    store: Arc<Store>,
    faults: Arc<Faults>,
    audit: Audit,
    tokens: Tokens,
    /// Who a request over HTTP without a token is from.
    anonymous: Identity,
}

/// One request, read as far as every handler needs it.
struct Call<'a> {
    parts: &'a Parts,
    body: Bytes,
    query: Query,
    user: Identity,
}

impl ApiServer {
    pub(crate) fn new(store: Arc<Store>, anonymous: Identity, seed: u64) -> Self {
        Self {
            faults: Arc::new(Faults::new(Arc::clone(&store), seed)),
            store,
            audit: Audit::default(),
            tokens: Tokens::default(),
            anonymous,
        }
    }

    pub(crate) fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    pub(crate) fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Answers a request of `caller`.
    fn handle(&self, caller: &Identity, parts: &Parts, body: Bytes) -> Response<Body> {
        let mut event = AuditEvent {
            user: caller.user.clone(),
            impersonated_user: None,
            verb: parts.method.as_str().to_lowercase(),
            resource: parts.uri.path().to_owned(),
            namespace: String::new(),
            name: String::new(),
            code: 0,
        };
        let answer = if let Some(refusal) = self.faults.refusal(rbac::is_master(caller)) {
            respond::refusal(refusal)
        } else {
            authentication::impersonate(&self.store, caller, parts).and_then(|user| {
                event.impersonated_user = (user != *caller).then(|| user.user.clone());
                let call = Call {
                    parts,
                    body,
                    query: Query::parse(parts.uri.query()),
                    user,
                };
                self.route(&call, &mut event)
            })
        };
        let mut response = answer.unwrap_or_else(|status| respond::status(&status));
        respond::date(&mut response, self.store.api_clock().now());
        event.code = response.status().as_u16();
        tracing::debug!(
            user = event.user,
            impersonated_user = event.impersonated_user,
            verb = event.verb,
            resource = event.resource,
            namespace = event.namespace,
            name = event.name,
            code = event.code,
            "answered a request to the simulated API",
        );
        self.audit.record(event);
        response
    }

    /// A refusal before it is known who calls.
    fn refuse(&self, status: &Status) -> Response<Body> {
        let mut response = respond::status(status);
        respond::date(&mut response, self.store.api_clock().now());
        response
    }

    fn route(&self, call: &Call<'_>, event: &mut AuditEvent) -> Result<Response<Body>> {
        let path = call.parts.uri.path();
        if call.body.len() > MAX_BODY_BYTES {
            return Err(Status::too_large(MAX_BODY_BYTES));
        }
        // kubectl sends some objects of its own making as protobuf.
        if request::content_type(call.parts) == "application/vnd.kubernetes.protobuf" {
            return Err(Status::unsupported_media_type(
                "application/json, application/yaml",
            ));
        }
        let is_review = path.starts_with("/apis/authorization.k8s.io/v1/")
            || path.starts_with("/apis/authentication.k8s.io/v1/");
        if is_review {
            let method = &call.parts.method;
            return review::review(
                &self.store,
                &self.tokens,
                &call.user,
                method,
                path,
                &call.body,
            );
        }
        if let Some(info) = PathInfo::parse(path) {
            return self.resource(call, &info, event);
        }
        let is_signed_in = call.user.groups.iter().any(|g| g == "system:authenticated");
        let is_probe = matches!(path, "/version" | "/healthz" | "/livez" | "/readyz");
        if !(is_probe || is_signed_in && rbac::is_public_path(path) || rbac::is_master(&call.user))
        {
            let verb = call.parts.method.as_str().to_lowercase();
            return Err(rbac::forbidden_path(&call.user, &verb, path));
        }
        let answer = discovery::answer(path, &self.faults);
        match answer {
            Err(status) if status.code == 404 => self.no_such_path(path),
            Ok(_) if call.parts.method != Method::GET => Err(Status::method_not_allowed()),
            answer => answer,
        }
    }

    /// 404, as a Status where the API server has a group of that name.
    fn no_such_path(&self, path: &str) -> Result<Response<Body>> {
        if discovery::is_built_in(path, &self.faults) {
            return Err(Status::no_such_path());
        }
        Ok(respond::text(StatusCode::NOT_FOUND, "404 page not found\n"))
    }

    /// A request for objects of a kind, known or not.
    fn resource(
        &self,
        call: &Call<'_>,
        info: &PathInfo<'_>,
        event: &mut AuditEvent,
    ) -> Result<Response<Body>> {
        let verb = Verb::of(&call.parts.method, &call.query, info)?;
        let rule_resource = info.rule_resource();
        verb.as_str().clone_into(&mut event.verb);
        event.resource.clone_from(&rule_resource);
        info.namespace.clone_into(&mut event.namespace);
        info.name.clone_into(&mut event.name);
        // A namespace's own rules count for requests about it.
        let is_namespace = info.group.is_empty() && info.plural == "namespaces";
        let named = info.selected_name(&call.query);
        let wanted = Attributes {
            verb: verb.as_str(),
            group: info.group,
            resource: &rule_resource,
            namespace: if is_namespace {
                info.name
            } else {
                info.namespace
            },
            name: named.as_deref().unwrap_or(info.name),
        };
        let may = |wanted: &Attributes<'_>| {
            self.store
                .read(|objects| rbac::allows(objects, &call.user, wanted))
        };
        // Upstream authorizes before it knows whether the kind exists.
        if !may(&wanted) {
            return Err(rbac::forbidden_attributes(&call.user, &wanted));
        }
        let keda_absent = info.group == "keda.sh" && self.faults.is_keda_absent();
        let Some(target) = Target::of(info).filter(|_| !keda_absent) else {
            if !keda_absent && absent::is_kind(info.group, info.plural) {
                return Err(Status::not_implemented(&format!("serve {}", info.plural)));
            }
            return self.no_such_path(call.parts.uri.path());
        };
        // An apply that may create needs both verbs.
        let creates = verb == Verb::Patch
            && request::content_type(call.parts) == "application/apply-patch+yaml"
            && target.subresource.is_empty()
            && self
                .store
                .get_value(target.resource, &target.namespace, &target.name)
                .is_none();
        let create = Attributes {
            verb: "create",
            ..wanted
        };
        if creates && !may(&create) {
            return Err(rbac::forbidden_attributes(&call.user, &create));
        }
        self.dispatch(call, &target, verb)
    }

    fn dispatch(&self, call: &Call<'_>, target: &Target, verb: Verb) -> Result<Response<Body>> {
        if target.resource.group == "metrics.k8s.io" {
            return metrics::answer(&self.store, &self.faults, call, target, verb);
        }
        if target.resource.read_only && !matches!(verb, Verb::Get | Verb::List | Verb::Watch) {
            return Err(Status::not_implemented(&format!(
                "write {}",
                target.resource.name
            )));
        }
        let subresource = target.subresource.as_str();
        let writes = matches!(verb, Verb::Get | Verb::Update | Verb::Patch);
        match subresource {
            "" => {}
            "log" | "token" if !target.resource.subresources.contains(&subresource) => {
                return Err(Status::no_such_path());
            }
            "log" if verb != Verb::Get => return Err(Status::method_not_allowed()),
            "log" => return pod_log::answer(&self.store, self.faults.cuts(), target, &call.query),
            "token" => {
                return token::create(&self.store, &self.tokens, target, verb, &call.body);
            }
            known if target.resource.subresources.contains(&known) => {
                if !writes {
                    return Err(Status::method_not_allowed());
                }
            }
            other if absent::is_subresource(target.resource.plural, other) => {
                return Err(Status::not_implemented(&format!(
                    "serve {}/{other}",
                    target.resource.plural
                )));
            }
            _ => return Err(Status::no_such_path()),
        }
        let scale = subresource == "scale";
        let clock = self.store.api_clock();
        let presenter = Presenter::new(Shape::of(call.parts, &call.query)?, target, clock);
        let write = |presenter| Write {
            store: &self.store,
            target,
            query: &call.query,
            parts: call.parts,
            body: &call.body,
            user: &call.user,
            presenter,
        };
        match verb {
            Verb::Get => {
                list::check_version(&self.store, &call.query)?;
                let object = self
                    .store
                    .get_value(target.resource, &target.namespace, &target.name)
                    .ok_or_else(|| Status::not_found(target.resource, &target.name))?;
                let shown = if scale {
                    scale::scale(&object)
                } else {
                    presenter.one(&object)
                };
                Ok(respond::json(StatusCode::OK, &shown))
            }
            Verb::List => {
                options::check_list(&call.query, false)?;
                let filter = list::Filter::of(target, &call.query)?;
                let page = list::list(&self.store, target.resource, &filter, &call.query)?;
                let shown = presenter.list(&page.items, &page.metadata);
                Ok(respond::json(StatusCode::OK, &shown))
            }
            Verb::Watch => self.watch(call, target, presenter),
            Verb::Create => write(presenter).create(),
            Verb::Update if scale => write(presenter).scale(false),
            Verb::Patch if scale => write(presenter).scale(true),
            Verb::Update => write(presenter).update(),
            Verb::Patch => write(presenter).patch(),
            Verb::Delete => write(presenter).delete(),
            // Namespaces go one by one.
            Verb::DeleteCollection if target.resource.kind == "Namespace" => {
                Err(Status::method_not_allowed())
            }
            Verb::DeleteCollection => write(presenter).delete_collection(),
        }
    }

    fn watch(
        &self,
        call: &Call<'_>,
        target: &Target,
        presenter: Presenter,
    ) -> Result<Response<Body>> {
        let query = &call.query;
        options::check_list(query, true)?;
        let initial = query.flag("sendInitialEvents");
        let bookmarks = query.flag("allowWatchBookmarks");
        let seconds = query.number("timeoutSeconds")?;
        let timeout = seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map_or(watch::DEFAULT_TIMEOUT, Duration::from_secs);
        let version = watch::version(query.get("resourceVersion"))?;
        let start = watch::Start {
            resource: target.resource,
            filter: list::Filter::of(target, query)?,
            presenter,
            version: version.filter(|_| !initial),
            // Without a version the end is marked unless `sendInitialEvents` says no.
            // Upstream: `apimachinery/pkg/apis/meta/internalversion/defaults.go`, `SetListOptionsDefaults`.
            marks_initial_end: bookmarks && (initial || !query.has("sendInitialEvents")),
            bookmarks,
            timeout: self.faults.watch_lasts(timeout),
        };
        let store = Arc::clone(&self.store);
        let oldest = self.faults.oldest_version();
        let lines = watch::watch(store, self.faults.cuts_of(target.resource), oldest, start);
        Ok(respond::stream("application/json", lines))
    }
}

/// `/version` of the cluster that the simulator imitates.
fn version() -> serde_json::Value {
    json!({
        "major": "1", "minor": "35", "gitVersion": "v1.35.4", "gitCommit": "simulated",
        "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none",
        "compiler": "none", "platform": "linux/amd64",
    })
}
