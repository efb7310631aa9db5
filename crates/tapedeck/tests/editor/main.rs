//! The JSON Schema in a real editor: the YAML language server, which most editors use, judges, completes and explains.
//!
//! The server comes from npm and is kept below the target folder. Where it cannot be installed, every test says so on
//! standard error, and passes.
#![expect(clippy::print_stderr, reason = "skipping must be seen")]

mod completion;
mod findings;
mod hover;
mod package;
mod server;

use std::process::{Command, Stdio};

use tempfile::TempDir;

use server::Server;

/// The smallest config that is right.
const GOOD: &str = "\
resources:
  mailer:
    type: worker-service
    properties:
      packaging:
        type: stacktape-image-buildpack
        properties: { entryfilePath: src/main.ts }
      resources: { cpu: 0.25, memory: 512 }
";

/// Where the cursor is, in texts of tests.
const CURSOR: char = '‸';

/// An editor with files that all begin with a line that names the schema.
struct Editor {
    server: Server,
    folder: TempDir,
    files: usize,
}

impl Editor {
    /// An editor with the schema that the built program prints; none when there is no language server.
    fn new() -> Option<Self> {
        let server = match package::server() {
            Ok(path) => Server::start(&path),
            Err(problem) => {
                eprintln!("SKIPPED: this test needs the YAML language server: {problem}");
                return None;
            }
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let written = Command::new(env!("CARGO_BIN_EXE_tapedeck"))
            .args(["schema", "--outFile", "schema.json"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("the program can be started");
        assert!(written.status.success(), "{written:?}");
        Some(Self {
            server,
            folder,
            files: 0,
        })
    }

    /// Opens a new file with this text; returns its address.
    fn open(&mut self, text: &str) -> String {
        self.files += 1;
        let folder = self.folder.path().display();
        let address = format!("file://{folder}/{}.yml", self.files);
        let first = format!("# yaml-language-server: $schema=file://{folder}/schema.json");
        self.server.open(&address, &format!("{first}\n{text}"));
        address
    }

    /// What the editor says about a text: line and message of each finding.
    fn findings(&mut self, text: &str) -> Vec<String> {
        let address = self.open(text);
        self.server.findings(&address)
    }

    /// What the editor offers at the cursor, in the order of the server.
    fn offered(&mut self, text: &str) -> Vec<String> {
        let (address, line, column) = self.open_at_cursor(text);
        self.server.offered(&address, line, column)
    }

    /// What the editor tells about what is under the cursor.
    fn told(&mut self, text: &str) -> String {
        let (address, line, column) = self.open_at_cursor(text);
        self.server.told(&address, line, column)
    }

    fn open_at_cursor(&mut self, text: &str) -> (String, usize, usize) {
        let (before, after) = text.split_once(CURSOR).expect("the text has a cursor");
        let address = self.open(&format!("{before}{after}"));
        self.server.findings(&address);
        let column = before.chars().rev().take_while(|letter| *letter != '\n').count();
        // The first line names the schema.
        (address, before.matches('\n').count() + 1, column)
    }
}
