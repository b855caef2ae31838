//! `porthole-cli call`.

use std::{process::ExitCode, time::Duration};

use clap::{Args, error::ErrorKind};
use porthole_app::Expression;
use porthole_app::permission::{Proposed, ProposedState};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::target::Target;
use porthole_http::endpoint::Endpoint;
use porthole_sdk::{
    call::{Act, Call, CallId, Origin},
    permission::Scope,
    runtime::Runtime,
    sdk_call::{CliTarget, Sdk, SdkCall, SdkExec},
    sdk_result::{Plan, PlannedAction, SdkOutcome, plan, render},
};

use crate::{
    NOTHING, consent,
    host::{self, Porthole},
    plans,
    request::read_endpoint,
    say::{self, complain},
    sdk_result,
    signals::Signals,
};

#[derive(Args)]
pub struct Arguments {
    /// The call as code makes it, with literal arguments: 'ddClient.extension.vm.service.get("/volumes")'
    #[arg(value_name = "CALL", value_parser = Expression::read)]
    expression: Expression,
    /// Make the call as this runtime does: docker-desktop, rancher-desktop, podman-desktop or podman-desktop-older
    #[arg(long, value_name = "RUNTIME", default_value = Runtime::DockerDesktop.key())]
    runtime: Runtime,
    /// Send requests to this address: unix:///path.sock, npipe:////./pipe/name, http://host:port or
    /// container://NAME/path.sock
    #[arg(long, value_parser = read_endpoint)]
    endpoint: Option<Endpoint>,
    /// Run commands in this container
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Treat the backend as a process on this machine: its commands run here
    #[arg(long, conflicts_with = "container")]
    host: bool,
    /// Use the engine of this Docker context (default: the current context)
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Print what each runtime would send or start, and do nothing
    #[arg(long)]
    plan: bool,
    /// Make the call without asking, even if it starts a program on this machine or writes to an engine's socket
    #[arg(short = 'y', long)]
    yes: bool,
    /// Print findings to stderr when the call finishes
    #[arg(long)]
    findings: bool,
}

/// How soon a prompt is tried again that isn't old enough to be approved.
const AGAIN: Duration = Duration::from_millis(100);

pub async fn call(arguments: Arguments, signals: Signals) -> ExitCode {
    let target = Target {
        name: String::new(),
        endpoint: arguments.endpoint.clone(),
        engine: arguments.context.clone(),
        container: arguments.container.clone(),
        native: arguments.host,
        ..Target::demo()
    }
    .named();
    let done = if arguments.plan {
        planned(&arguments.expression, &target).map(|()| ExitCode::SUCCESS)
    } else {
        performed(&arguments, target, signals).await
    };
    done.unwrap_or_else(|error| say::failed(&error))
}

/// Prints what each runtime would do.
fn planned(expression: &Expression, target: &Target) -> Result<()> {
    for (index, runtime) in Runtime::ALL.into_iter().enumerate() {
        if index > 0 {
            say::out("")?;
        }
        say::out(runtime.name())?;
        match expression.call(runtime) {
            Ok(sdk) => plans::print(&plan(&sdk.asked, runtime, target), target)?,
            Err(error) => say::out(&format!("  Refuses the call: {}", error.message))?,
        }
    }
    Ok(())
}

async fn performed(arguments: &Arguments, target: Target, signals: Signals) -> Result<ExitCode> {
    let runtime = arguments.runtime;
    let sdk = match arguments.expression.call(runtime) {
        Ok(sdk) => sdk,
        Err(error) if error.code == Code::RuntimeRefuses => {
            say::out(&format!("{runtime} refuses the call: TypeError: {}", error.message))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error),
    };
    require_target(&sdk.asked, arguments);
    let application = host::start().await?;
    let done = async {
        application.set_target(target.clone()).await?;
        perform(&application, sdk, arguments, &target, signals.clone()).await
    };
    let done = done.await;
    host::end(application, signals).await;
    done
}

/// Ends the process as for any missing argument when the call has nothing to act on.
fn require_target(asked: &SdkCall, arguments: &Arguments) {
    let missing = match asked {
        SdkCall::Request(_) if arguments.endpoint.is_none() => "--endpoint <ENDPOINT>",
        SdkCall::Exec(SdkExec { whose: CliTarget::Vm, container: None, .. })
            if arguments.container.is_none() && !arguments.host =>
        {
            "--container <NAME> or --host"
        }
        _ => return,
    };
    clap::Error::raw(ErrorKind::MissingRequiredArgument, format!("this call needs {missing}\n")).exit()
}

/// Makes the call, prints what its code receives, and tells how that went.
async fn perform(
    application: &Porthole,
    sdk: Sdk,
    arguments: &Arguments,
    target: &Target,
    mut signals: Signals,
) -> Result<ExitCode> {
    let Proposed { plan, state } = application.propose(sdk, Origin::Console).await?;
    let state = match state {
        ProposedState::Waiting { pending } => tokio::select! {
            decided = decided(application, pending, &plan, target, arguments.yes) => decided?,
            _ = signals.next() => {
                application.withdraw(Origin::Console).await?;
                return Ok(ExitCode::from(NOTHING));
            }
        },
        state => state,
    };
    match state {
        ProposedState::Started { id } => received(application, id, arguments, signals).await,
        ProposedState::Refused { error, .. } => Err(error),
        ProposedState::Rejected => {
            if let PlannedAction::Refuses { outcome } = &plan.does {
                say::out(&render(outcome))?;
            }
            Ok(ExitCode::FAILURE)
        }
        ProposedState::Waiting { .. } => {
            Err(Error::new(Code::PromptTooNew, "The call didn't run: it still waits for your permission"))
        }
    }
}

/// Asks about a call that waits, and decides it.
async fn decided(
    application: &Porthole,
    pending: u32,
    plan: &Plan,
    target: &Target,
    is_allowed: bool,
) -> Result<ProposedState> {
    if !is_allowed {
        if !consent::can_ask() {
            application.deny(pending).await?;
            let error = Error::new(
                Code::NotAllowed,
                "Not run: the call acts on this machine, and there is no terminal to ask on",
            );
            return Err(error.hint("Read what it does with --plan, and allow it with --yes."));
        }
        let prompt = application.changes(0).await?.prompt;
        say::err("The call acts on this machine:");
        plans::show(plan, target, prompt.filter(|prompt| prompt.pending == pending).as_ref());
        if !consent::confirmed("Make the call?").await {
            application.deny(pending).await?;
            return application.decision(pending).await;
        }
    }
    loop {
        // Only a prompt that was published for a moment can be approved.
        application.changes(0).await?;
        match application.approve(pending, Scope::Once).await {
            Err(error) if error.code == Code::PromptTooNew => tokio::time::sleep(AGAIN).await,
            Err(error) => return Err(error),
            Ok(()) => return application.decision(pending).await,
        }
    }
}

/// Waits for the end, and prints what the code receives.
async fn received(application: &Porthole, id: CallId, arguments: &Arguments, signals: Signals) -> Result<ExitCode> {
    let timeline = application.timeline();
    let streams =
        timeline.call(id)?.sdk.is_some_and(|sdk| matches!(sdk.asked, SdkCall::Exec(exec) if exec.stream.is_some()));
    let ended = sdk_result::ended(timeline, id, signals);
    let call = if streams {
        tokio::try_join!(ended, sdk_result::print_coming(timeline, id))?.0
    } else {
        let call = ended.await?;
        sdk_result::print(timeline, &call, arguments.runtime, None).await?;
        call
    };
    let not_done = failure(&call);
    if let Some(error) = &not_done {
        complain(error);
    }
    sdk_result::print_findings(timeline, id, arguments.findings).await?;
    if not_done.is_some() {
        return Ok(ExitCode::from(NOTHING));
    }
    let outcome = timeline.whole_sdk_result(id, arguments.runtime).await?.outcome;
    let is_good = match outcome {
        SdkOutcome::Resolved { .. } => true,
        SdkOutcome::Streamed { .. } => exited_with_0(&call),
        _ => false,
    };
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Why there is no complete response, or why the command wasn't started.
fn failure(call: &Call) -> Option<Error> {
    match &call.act {
        Act::Exchange(exchange) => exchange.failure.as_ref().map(|failure| failure.error.clone()),
        Act::Run(run) => run.failure.clone(),
    }
}

fn exited_with_0(call: &Call) -> bool {
    use porthole_process::{Ending, Run};
    matches!(&call.act, Act::Run(Run { ending: Some(Ending::Exited { code: 0 }), .. }))
}
