//! The built pages: scripts, WebAssembly and styles in a folder named by their hash, and a few files at the root.

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::{Path as UrlPath, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderValue, StatusCode};
use leptos::config::LeptosOptions;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::AppState;

/// The site folder that `cargo xtask build` made.
#[derive(Clone, Debug)]
pub struct Site {
    folder: PathBuf,
    build: String,
    options: LeptosOptions,
}

/// The name of a build without built pages: tests, and a server started before them.
const NO_BUILD: &str = "dev";

impl Site {
    /// Reads which build `folder` holds. Without one the server works, its pages without style and script.
    pub fn open(folder: &Path) -> Self {
        let build = std::fs::read_to_string(folder.join("build")).ok();
        let build = build
            .as_deref()
            .map(str::trim)
            .filter(|build| is_name(build));
        if build.is_none() {
            tracing::warn!(folder = %folder.display(), "no built pages here; run `cargo xtask build`");
        }
        let build = build.unwrap_or(NO_BUILD).to_owned();
        let options = LeptosOptions::builder()
            .output_name("app")
            .site_root(folder.to_string_lossy().as_ref())
            .site_pkg_dir(format!("pkg/{build}"))
            .build();
        Self {
            folder: folder.to_owned(),
            build,
            options,
        }
    }

    /// The build's hash; a page of another build reloads once.
    pub fn build(&self) -> &str {
        &self.build
    }

    /// The folder of this build's files, `/pkg/<hash>`.
    pub(super) fn assets(&self) -> String {
        format!("/pkg/{}", self.build)
    }

    pub(super) fn options(&self) -> &LeptosOptions {
        &self.options
    }

    /// A file below the folder, in the best encoding that the browser takes.
    async fn file(&self, request: Request) -> Response {
        let files = ServeDir::new(&self.folder)
            .append_index_html_on_directories(false)
            .precompressed_br()
            .precompressed_gzip();
        match files.oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }
}

/// Part of an address: nothing that could leave the folder.
fn is_name(build: &str) -> bool {
    !build.is_empty() && build.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `GET /pkg/<hash>/…`: never changes. Another hash is of another build, which another replica may have in a moment: 404
/// that nobody keeps, and the page recovers (`app/src/shell/recover.js`).
pub(super) async fn built(
    State(state): State<AppState>,
    UrlPath((build, _file)): UrlPath<(String, String)>,
    request: Request,
) -> Response {
    if build != state.site.build {
        return nothing_here(request).await;
    }
    cached(
        state.site.file(request).await,
        "public, max-age=31536000, immutable",
    )
}

/// A file of `public/`.
pub(super) async fn public(State(state): State<AppState>, request: Request) -> Response {
    cached(state.site.file(request).await, "public, max-age=3600")
}

fn cached(mut response: Response, how: &'static str) -> Response {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let how = HeaderValue::from_static(how);
        response.headers_mut().insert(CACHE_CONTROL, how);
    }
    response
}

/// Any other address. A server function that is not here is one of another build: the page that asks for it is from
/// before an update, or ahead of it.
pub(super) async fn nothing_here(request: Request) -> Response {
    if !request.uri().path().starts_with("/api/") {
        return (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response();
    }
    let error = app::Error::OtherBuild;
    let accept = request.headers().get(ACCEPT);
    let is_form = accept.is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"));
    match is_form {
        true => (StatusCode::NOT_FOUND, app::words::error(&error)).into_response(),
        false => (StatusCode::NOT_FOUND, axum::Json(error)).into_response(),
    }
}
