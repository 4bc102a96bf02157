//! Servers as children of this process, and what the kernel knows of them.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::bare;

/// A server; it ends with this value.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What opens it; empty for one without accounts.
    pub(crate) key: String,
    // Held open, so that the child's later lines go somewhere.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// `bottrade serve` on this data folder.
    pub(crate) fn bottrade(data: &Path) -> anyhow::Result<Self> {
        Self::start(Self::command(data), data)
    }

    /// The same with every sync to disk counted into a file: see [`syncs`].
    pub(crate) fn traced(data: &Path, counts: &Path) -> anyhow::Result<Self> {
        let (mut traced, plain) = (Command::new("strace"), Self::command(data));
        traced.args(["-f", "--seccomp-bpf", "-qq", "-c", "-e", "trace=fsync,fdatasync", "-o"]);
        traced.arg(counts).arg(plain.get_program()).args(plain.get_args());
        Self::start(traced, data)
    }

    /// The bare servers of [`bare`], which give this answer.
    pub(crate) fn bare(answer: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([bare::WORD, answer]);
        Self::start(command, Path::new(""))
    }

    fn command(data: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bottrade"));
        let words = ["serve", "--listen", "127.0.0.1:0", "--data-dir"];
        command.args(words.map(OsStr::new)).arg(data);
        command
    }

    fn start(mut command: Command, data: &Path) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        let address = loop {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                bail!("the server ended at its start");
            }
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split('/').next().unwrap_or_default().trim().parse()?;
            }
        };
        let key = fs::read_to_string(data.join("api-key")).unwrap_or_default().trim().to_owned();
        Ok(Self { child, address, key, _output: output })
    }

    /// Nanoseconds that its threads have run on a CPU.
    ///
    /// A thread that ended is not in the sum; the servers' threads live as long as they are used.
    pub(crate) fn cpu(&self) -> anyhow::Result<u64> {
        let mut sum = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            sum += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(sum)
    }

    /// A figure of `/proc/PID/status` in bytes, such as `VmRSS`.
    pub(crate) fn memory(&self, name: &str) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|it| it.trim_matches([':', ' ', '\t']).split(' ').next());
        Ok(kilobytes.context("no such figure")?.trim().parse::<u64>()? * 1_024)
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.terminate()?;
        self.child.wait()?;
        Ok(())
    }

    /// `strace` passes the signal on only to itself: the server is its child.
    fn terminate(&self) -> anyhow::Result<()> {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
        let id = children.split_whitespace().next().map_or_else(|| id.to_string(), str::to_owned);
        let sent = Command::new("kill").args(["-TERM", &id]).status()?;
        if sent.success() { Ok(()) } else { bail!("cannot end process {id}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended; that is what is wanted.
        if matches!(self.child.try_wait(), Ok(None)) && self.terminate().is_ok() {
            let _ = self.child.wait();
        }
    }
}

/// The calls of `fsync` and `fdatasync` in the counts that [`Server::traced`] left.
pub(crate) fn syncs(counts: &Path) -> anyhow::Result<u64> {
    let text = fs::read_to_string(counts)?;
    let mut sum = 0;
    for line in text.lines().filter(|line| line.ends_with("fsync") || line.ends_with("fdatasync")) {
        let calls = line.split_whitespace().nth(3).context("strace wrote another table")?;
        sum += calls.parse::<u64>()?;
    }
    Ok(sum)
}
