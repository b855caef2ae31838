//! How fast a child's output is read, kept and indexed, beside a plain copy into a file.

use std::{
    fs::{self, File},
    process::{Command as Process, Stdio},
    time::Instant,
};

use porthole_process::{Command, Place};

use crate::{
    calls::{rate, rate_of_run, timeline},
    containers::Containers,
    context::{BenchContext, Result},
    pairs::{Sides, alternate},
};

/// A child on the host, beside `child | cat > file`.
pub async fn host(context: &BenchContext) -> Result<Sides> {
    let (timeline, own, bytes) = (timeline(context)?, context.own_program()?, context.bytes());
    let arguments = ["lines".to_owned(), bytes.to_string()];
    let file = context.file("piped");
    let ours = async || rate_of_run(&timeline, None, Command::new(Place::Host, &own, arguments.clone()), bytes).await;
    let theirs = async || {
        let began = Instant::now();
        let piped = Process::new("sh")
            .args(["-c", r#""$0" lines "$1" | cat > "$2""#, &own, &arguments[1]])
            .arg(&file)
            .status()?;
        let rate = rate(bytes, began.elapsed());
        if !piped.success() || fs::metadata(&file)?.len() != bytes {
            return Err(format!("the pipe gave {piped} and not {bytes} bytes").into());
        }
        fs::remove_file(&file)?;
        Ok(rate)
    };
    alternate(context.pairs, ours, theirs).await
}

/// A command in a container, beside `docker exec … > file`.
pub async fn container(context: &BenchContext) -> Result<Sides> {
    let containers = Containers::start(context).await?;
    let (script, bytes) = containers.lines(context.bytes()).await?;
    let timeline = timeline(context)?;
    let file = context.file("copied");
    let ours = async || {
        let command = containers.command("sh", &["-c", &script]);
        rate_of_run(&timeline, Some(&containers.address), command, bytes).await
    };
    let theirs = async || {
        let began = Instant::now();
        let copied = containers
            .docker_exec(&["sh", "-c", &script])
            .stdout(File::create(&file)?)
            .stdin(Stdio::null())
            .status()?;
        let rate = rate(bytes, began.elapsed());
        if !copied.success() || fs::metadata(&file)?.len() != bytes {
            return Err(format!("docker exec gave {copied} and not {bytes} bytes").into());
        }
        fs::remove_file(&file)?;
        Ok(rate)
    };
    alternate(context.pairs, ours, theirs).await
}
