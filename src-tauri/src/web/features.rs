//! What the web view is not to offer, to no frame and no worker of a window. A script that runs first in each frame could
//! take it from frames, but not from workers.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};

use webkit2gtk::{Settings, WebView, WebViewExt, ffi::WebKitSettings, glib::translate::ToGlibPtr};

/// A service worker outlives the page that registered it, and answers for every later page of its origin: that of
/// another extension with a development server on the same port. A page that was left also stays in memory.
const DISABLED: &[&CStr] = &[c"ServiceWorkers", c"PushAPI", c"NotificationEvent", c"UsesBackForwardCache"];

/// Disables it. Logs an error where this WebKitGTK knows no such feature: the storage that is cleared between
/// extensions is what protects then.
pub fn disable(view: &WebView) {
    let Some(settings) = WebViewExt::settings(view) else { return };
    let missing: Vec<_> = DISABLED.iter().filter(|name| !set_disabled(&settings, name)).collect();
    if missing.contains(&&c"ServiceWorkers") {
        tracing::error!("service workers can't be disabled in this version of WebKitGTK");
    }
}

fn set_disabled(settings: &Settings, name: &CStr) -> bool {
    // SAFETY: the list is owned by this function until it is given back, what is in it lives as long, and the
    // settings are those of a web view that lives. WebKitGTK has had all of these since 2.42.
    unsafe {
        let features = webkit_settings_get_all_features();
        let feature = (0..webkit_feature_list_get_length(features))
            .map(|at| webkit_feature_list_get(features, at))
            .find(|feature| CStr::from_ptr(webkit_feature_get_identifier(*feature)) == name);
        if let Some(feature) = feature {
            webkit_settings_set_feature_enabled(settings.to_glib_none().0, feature, 0);
        }
        webkit_feature_list_unref(features);
        feature.is_some()
    }
}

#[repr(C)]
struct Feature {
    _opaque: [u8; 0],
}

#[repr(C)]
struct FeatureList {
    _opaque: [u8; 0],
}

// Newer than the bindings. The library is linked by them.
unsafe extern "C" {
    fn webkit_settings_get_all_features() -> *mut FeatureList;
    fn webkit_feature_list_get_length(list: *mut FeatureList) -> usize;
    fn webkit_feature_list_get(list: *mut FeatureList, at: usize) -> *mut Feature;
    fn webkit_feature_list_unref(list: *mut FeatureList);
    fn webkit_feature_get_identifier(feature: *mut Feature) -> *const c_char;
    fn webkit_settings_set_feature_enabled(settings: *mut WebKitSettings, feature: *mut Feature, enabled: i32);
}
