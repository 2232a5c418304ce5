//! `GET /manifests/{file}`: the workshop's files as they stand, for people without JavaScript to read and for all to
//! download. By either name of the handout, or all in one.

use app::model::{ALL_IN_ONE, FileName};
use app::words;
use app::workshop::Viewer;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::{AppState, act, files, pages};

/// One file, of the namespace that the session is for.
pub(super) async fn manifest(
    State(state): State<AppState>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let wanted = FileName::of(&name);
    if wanted.is_none() && name != ALL_IN_ONE {
        return files::nothing_here(request).await;
    }
    let client = state.client(&request);
    let context = match pages::viewer(&state, request.headers(), client).await {
        Ok(context) => context,
        Err(response) => return response,
    };
    let workshop = match context.viewer {
        Viewer::Attendee { workshop, .. } => workshop,
        Viewer::Instructor { .. } => return refuse(&app::Error::Forbidden),
        Viewer::Anonymous => return Redirect::to("/sign-in").into_response(),
    };
    let all = match workshop.files().await {
        Ok(all) => all,
        Err(error) => return refuse(&error),
    };
    let texts = all
        .into_iter()
        .filter(|file| wanted.is_none_or(|wanted| file.file == wanted))
        .map(|file| file.yaml);
    let text = texts.collect::<Vec<_>>().join("---\n");
    // As text, which browsers show; a link that downloads says so itself. The name is one of a few, never the request's.
    let name = wanted.map_or(ALL_IN_ONE, |file| match name == file.name() {
        true => file.name(),
        false => file.name_in_commands(),
    });
    let named = format!("inline; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, named),
    ];
    (headers, text).into_response()
}

fn refuse(error: &app::Error) -> Response {
    let status: StatusCode = act::status(error);
    (status, format!("{}\n", words::error(error))).into_response()
}
