//! Has web processes give back memory that they don't use. WebKit does so under memory pressure alone, which it sees by
//! default at gigabytes: until then garbage, compiled code, caches and freed pages stay with a process.
#![allow(unsafe_code)]

use std::{ffi::c_uint, sync::OnceLock};

use webkit2gtk::{
    MemoryPressureSettings, WebContext,
    ffi::WebKitMemoryPressureSettings,
    glib::{
        StaticType,
        ffi::GType,
        gobject_ffi::{GObject, GObjectClass, GObjectConstructParam, g_type_class_ref, g_value_set_boxed},
        translate::{IntoGlib, ToGlibPtr},
    },
};

/// What `STRICT` is a part of. A process that uses more keeps running: no `kill_threshold` is set.
const LIMIT_MB: u32 = 128;
/// Above 64 MB of private memory a process collects garbage and drops its caches. One that shows the window and no Call
/// has 50.
const STRICT: f64 = 0.5;
/// Must be below `STRICT`. What is released from here on is hardly anything.
const CONSERVATIVE: f64 = 0.4;
/// How often a process looks at its size, and at most gives back memory. That takes less time than drawing a Call.
const INTERVAL_SECONDS: f64 = 15.0;

type Constructor = unsafe extern "C" fn(GType, c_uint, *mut GObjectConstructParam) -> *mut GObject;

/// How the class constructs its objects.
static CONSTRUCT: OnceLock<Constructor> = OnceLock::new();

/// Sets it for the web processes of every window that is made from now on. Must run on the main thread.
///
/// WebKitGTK takes the settings only when a context is constructed, and wry constructs it without any. So the class of
/// contexts is given a constructor that fills in the property and calls the one before.
pub fn release_unused() {
    // SAFETY: the class is referenced forever, so it lives; it begins with a `GObjectClass`, as that of every object
    // does. GTK is used by this thread alone, so nothing else constructs a context meanwhile.
    unsafe {
        let class = g_type_class_ref(WebContext::static_type().into_glib()).cast::<GObjectClass>();
        let Some(constructor) = class.as_ref().and_then(|class| class.constructor) else { return };
        if CONSTRUCT.set(constructor).is_ok() {
            (*class).constructor = Some(construct);
        }
    }
}

unsafe extern "C" fn construct(kind: GType, count: c_uint, params: *mut GObjectConstructParam) -> *mut GObject {
    let Some(constructor) = CONSTRUCT.get() else { return std::ptr::null_mut() };
    let settings = settings();
    for at in 0..count as usize {
        // SAFETY: GObject gives this many parameters, with the property and a value of its type each; the name is one
        // of GObject's own, and the value copies what it is given.
        unsafe {
            let param = &*params.add(at);
            if std::ffi::CStr::from_ptr((*param.pspec).name) == c"memory-pressure-settings" {
                let boxed: *const WebKitMemoryPressureSettings = settings.to_glib_none().0;
                g_value_set_boxed(param.value, boxed.cast());
            }
        }
    }
    // SAFETY: it is called as GObject would have called it.
    unsafe { constructor(kind, count, params) }
}

fn settings() -> MemoryPressureSettings {
    let mut settings = MemoryPressureSettings::new();
    settings.set_memory_limit(LIMIT_MB);
    settings.set_conservative_threshold(CONSERVATIVE);
    settings.set_strict_threshold(STRICT);
    settings.set_poll_interval(INTERVAL_SECONDS);
    settings
}
