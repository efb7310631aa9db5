//! A registry of our own, to see what a push adds to it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use fs_err as fs;

use crate::command::output_of;

/// The program `docker-registry`, until it is dropped.
pub(super) struct Registry {
    process: Child,
    storage: PathBuf,
    /// Host and port.
    pub(super) address: String,
}

impl Registry {
    /// Starts it, in the network of another process if one is given.
    pub(super) fn start(folder: &Path, network_of: Option<u32>) -> anyhow::Result<Self> {
        let storage = folder.join("registry");
        fs::create_dir_all(&storage)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let config = folder.join("registry.yml");
        fs::write(
            &config,
            format!(
                "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
                 http: {{addr: \"{address}\", secret: bench}}\n",
                storage.display()
            ),
        )?;
        let mut command = match network_of {
            None => Command::new("docker-registry"),
            Some(pid) => {
                let mut inside = Command::new("nsenter");
                inside.args(["--target", &pid.to_string(), "--net", "--"]);
                // A network of its own begins with even this interface down.
                inside.args([
                    "sh",
                    "-c",
                    "ip link set lo up && exec docker-registry \"$@\"",
                    "registry",
                ]);
                inside
            }
        };
        let process = command
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("registry.log"))?.into_file())
            .spawn()
            .context("start docker-registry")?;
        let mut registry = Self {
            process,
            storage,
            address,
        };
        registry.await_answer(network_of)?;
        Ok(registry)
    }

    /// Waits until it listens, as the kernel tells of its network.
    fn await_answer(&mut self, network_of: Option<u32>) -> anyhow::Result<()> {
        let port = self.address.rsplit(':').next().unwrap_or_default();
        let listening = format!("0100007F:{:04X} 00000000:0000 0A", port.parse::<u16>()?);
        let table = format!("/proc/{}/net/tcp", network_of.unwrap_or(std::process::id()));
        let deadline = Instant::now() + Duration::from_secs(20);
        while !fs::read_to_string(&table)?.contains(&listening) {
            if let Some(status) = self.process.try_wait()? {
                let said = fs::read_to_string(self.storage.with_extension("log"))?;
                bail!("docker-registry ended, {status}: {said}");
            }
            ensure!(Instant::now() < deadline, "docker-registry does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// KiB that its blobs grow by.
    pub(super) fn growth(&self, push: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
        let before = self.size()?;
        push()?;
        Ok((self.size()? - before) / 1024.0)
    }

    /// Bytes of all blobs.
    fn size(&self) -> anyhow::Result<f64> {
        let mut find = Command::new("find");
        find.arg(&self.storage)
            .args(["-path", "*/blobs/*", "-name", "data", "-printf", "%s\n"]);
        let sizes = output_of(&mut find)?;
        Ok(sizes.lines().filter_map(|line| line.parse::<f64>().ok()).sum())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It ends with SIGTERM within moments; nothing can be done if it does not.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}
