//! How large the picture is on the screen, followed by the browser's `ResizeObserver`.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::ResizeObserver;

use crate::chart::REM_PX;

/// What the picture is drawn for, in px.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::components) struct Size {
    pub(in crate::components) width: u32,
    /// The root's font.
    pub(in crate::components) rem: u32,
}

/// An observer and what it calls.
struct Observer {
    observer: ResizeObserver,
    _on_change: Closure<dyn FnMut()>,
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Keeps `size` equal to the picture's. A hidden picture, which has no width, changes nothing.
pub(in crate::components) fn measure(picture: NodeRef<Div>, size: RwSignal<Size>) {
    // The effect's value owns the observer: it ends with the page.
    Effect::new(move |_: Option<Option<Observer>>| {
        let element = picture.get()?;
        let on_change = Closure::new(move || {
            let width = picture.get_untracked().map_or(0, |p| p.client_width());
            let width = u32::try_from(width).unwrap_or(0);
            let new = Size {
                width,
                rem: root_font_px().unwrap_or(REM_PX),
            };
            if width > 0 && new != size.get_untracked() {
                size.set(new);
            }
        });
        let observer = ResizeObserver::new(on_change.as_ref().unchecked_ref()).ok()?;
        observer.observe(&element);
        Some(Observer {
            observer,
            _on_change: on_change,
        })
    });
}

/// The root's font in whole px.
fn root_font_px() -> Option<u32> {
    let root = document().document_element()?;
    let style = window().get_computed_style(&root).ok()??;
    let size = style.get_property_value("font-size").ok()?;
    let whole = size.split(['.', 'p']).next()?;
    whole.parse().ok()
}
