//! `--received`: what an extension's code would get, as text that reads like JavaScript.

use std::sync::Arc;

use porthole_base::error::Result;
use porthole_engine::{Address, reaper::Reaper};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Exchange, Request},
};
use porthole_process::{Command, Run, Signal, Streaming};
use porthole_sdk::{
    call::{Act, Call, CallId, Origin},
    runtime::Runtime,
    sdk_result::{Written, received, render, render_callbacks},
};
use porthole_timeline::Timeline;

use crate::{
    exec,
    findings::paragraph,
    request,
    say::{self, complain},
    scratch::Scratch,
    session_file::SessionFile,
    signals::Signals,
};

/// Sends a request, prints what its code would receive, and tells how it went.
pub async fn request(
    endpoint: Endpoint,
    context: Option<String>,
    request: Request,
    runtime: Runtime,
    (findings, session): (bool, Option<&SessionFile>),
    signals: Signals,
) -> request::ExitFacts {
    let told = async {
        let calls = Calls::new(None)?;
        calls.timeline.connections().use_context(context);
        let id = calls.timeline.send(Origin::Composer, endpoint, request);
        let call = ended(&calls.timeline, id, signals).await?;
        calls.timeline.connections().close().await;
        print(&calls.timeline, &call, runtime, None).await?;
        if let Act::Exchange(Exchange { failure: Some(failure), .. }) = &call.act {
            complain(&failure.error);
        }
        print_findings(&calls.timeline, id, findings).await?;
        add(&calls.timeline, &call, session)?;
        Ok(call.act)
    };
    match told.await {
        Ok(Act::Exchange(Exchange { response, failure, .. })) => {
            request::ExitFacts { status: response.map(|response| response.status), failure, ..Default::default() }
        }
        Ok(Act::Run(_)) => request::ExitFacts::default(),
        Err(error) => {
            complain(&error);
            request::ExitFacts::default()
        }
    }
}

/// Runs a command, prints what its code would receive, and tells how it went. `asked` is the
/// command as code would ask for it.
pub async fn exec(
    command: Command,
    asked: Command,
    engine: Result<Address>,
    reaper: Option<Arc<Reaper>>,
    runtime: Runtime,
    how: &exec::Reporting<'_>,
    signals: Signals,
) -> exec::ExitFacts {
    let told = async {
        let calls = Calls::new(reaper)?;
        let id = calls.timeline.run(Origin::Composer, engine, command);
        let mut call = ended(&calls.timeline, id, signals).await?;
        let stream = asked.stream;
        if let Act::Run(run) = &mut call.act {
            run.command = asked;
        }
        print(&calls.timeline, &call, runtime, stream).await?;
        if let Act::Run(Run { failure: Some(error), .. }) = &call.act {
            complain(error);
        }
        print_findings(&calls.timeline, id, how.findings).await?;
        add(&calls.timeline, &call, how.session)?;
        Ok(call.act)
    };
    match told.await {
        Ok(Act::Run(Run { ending, failure, .. })) => exec::ExitFacts { ending, failure, unkept: false },
        Ok(Act::Exchange(_)) => exec::ExitFacts::default(),
        Err(error) => {
            complain(&error);
            exec::ExitFacts { failure: Some(error), ..Default::default() }
        }
    }
}

/// Adds the call to its session, if there is one.
fn add(timeline: &Timeline, call: &Call, session: Option<&SessionFile>) -> Result<()> {
    match session {
        Some(session) => session.add(call.clone(), timeline.output(call.id)?),
        None => Ok(()),
    }
}

/// A timeline in a directory that goes with it.
struct Calls {
    timeline: Timeline,
    _scratch: Scratch,
}

impl Calls {
    fn new(reaper: Option<Arc<Reaper>>) -> Result<Self> {
        let scratch = Scratch::new()?;
        Ok(Self { timeline: scratch.timeline(reaper), _scratch: scratch })
    }
}

/// Prints what code receives of a call that has ended.
pub async fn print(timeline: &Timeline, call: &Call, runtime: Runtime, stream: Option<Streaming>) -> Result<()> {
    // The rules don't depend on the output.
    let said = received(call, Written::default(), runtime);
    if !said.as_run
        && let Some(rule) = said.rules.first()
    {
        say::note(&format!("{runtime} would behave differently: {}", rule.text));
    }
    match stream {
        None => {
            let received = timeline.whole_sdk_result(call.id, runtime).await?;
            say::out(&render(&received.outcome))
        }
        Some(Streaming { split_lines }) => print_callbacks(timeline, call.id, runtime, split_lines).await,
    }
}

/// Prints findings to stderr if requested.
pub async fn print_findings(timeline: &Timeline, id: CallId, asked: bool) -> Result<()> {
    if asked {
        let findings = timeline.diagnostics(id).await?;
        findings.iter().for_each(|finding| say::err(&paragraph(finding)));
    }
    Ok(())
}

async fn print_callbacks(timeline: &Timeline, id: CallId, runtime: Runtime, split: bool) -> Result<()> {
    let mut from = 0;
    loop {
        let found = timeline.whole_callbacks(id, runtime, split, from).await?;
        let text = render_callbacks(&found.rows);
        if !text.is_empty() {
            say::out(text.trim_end_matches('\n'))?;
        }
        from += found.rows.len() as u64;
        if found.ended {
            return Ok(());
        }
    }
}

/// Prints the callbacks of a streaming call as they come, until the last one.
pub async fn print_coming(timeline: &Timeline, id: CallId) -> Result<()> {
    let mut from = 0;
    loop {
        let found = timeline.next_callbacks(id, from).await?;
        let text = render_callbacks(&found.rows);
        if !text.is_empty() {
            say::out(text.trim_end_matches('\n'))?;
        }
        from += found.rows.len() as u64;
        if found.ended {
            return Ok(());
        }
    }
}

/// Waits for the end. An interrupt is passed on to a command, and cancels a request; the second one ends either.
pub async fn ended(timeline: &Timeline, id: CallId, mut signals: Signals) -> Result<Call> {
    let ended = timeline.ended(id);
    tokio::pin!(ended);
    let mut interrupts = 0;
    loop {
        tokio::select! {
            call = &mut ended => return call.map(Arc::unwrap_or_clone),
            asked = signals.next() => {
                interrupts += 1;
                interrupt(timeline, id, if interrupts > 1 { Signal::Kill } else { asked.signal() }).await?;
            }
        }
    }
}

async fn interrupt(timeline: &Timeline, id: CallId, signal: Signal) -> Result<()> {
    match timeline.call(id)?.act {
        Act::Run(_) if signal != Signal::Kill => timeline.stop(id, signal).await,
        _ => timeline.cancel(id).await,
    }
}
