//! What starting a backend would do, as text.

use porthole_base::terminal::line;
use porthole_extension::{AccessLevel, ImageSource, RequestedAccess, StartPlan, StartService, VariableState};

/// Several lines, without a line end.
pub fn text(plan: &StartPlan) -> String {
    let mut text = format!("\nStarting the backend on {}:\n", line(&plan.engine));
    for service in &plan.services {
        text.push_str(&of_service(service));
    }
    if !plan.asks.is_empty() {
        text.push_str("  All services\n");
        plan.asks.iter().for_each(|ask| text.push_str(&of_access(ask)));
    }
    for variable in &plan.variables {
        let state = match variable.state {
            VariableState::Passed => "compose gets its value",
            VariableState::NotPassed => "not passed to compose; --variable passes it",
            VariableState::Missing => "not set in this environment",
        };
        text.push_str(&format!("  Variable {}: {state}\n", line(&variable.name)));
    }
    for key in &plan.not_read {
        text.push_str(&format!("  Not read: {}\n", line(key)));
    }
    text.trim_end().to_owned()
}

fn of_service(service: &StartService) -> String {
    let image = service.image.as_deref().unwrap_or("an image that compose builds");
    let source = match &service.source {
        ImageSource::Present => "on the engine".to_owned(),
        ImageSource::Pulled => "pulled from its registry".to_owned(),
        ImageSource::Built { dockerfile } => format!("built from {}", line(dockerfile)),
    };
    let mut text = format!("  Service {}: {} ({source})\n", line(&service.name), line(image));
    service.asks.iter().for_each(|ask| text.push_str(&of_access(ask)));
    text
}

fn of_access(ask: &RequestedAccess) -> String {
    let level = match ask.level {
        AccessLevel::Control => "control",
        AccessLevel::Access => "access",
        AccessLevel::Notice => "notice",
    };
    let value = ask.value.as_deref().map(|value| format!(": {}", line(value))).unwrap_or_default();
    let impact = ask.impact.as_deref().map(|impact| format!(" {}", line(impact))).unwrap_or_default();
    format!("    {level}: {}{value}.{impact}\n", line(&ask.summary))
}
