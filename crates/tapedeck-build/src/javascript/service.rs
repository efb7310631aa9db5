//! esbuild as a process that goes on running and bundles when it is asked, in a fraction of the time of its start.
//!
//! It speaks packets over its standard input and output: lengths and numbers are 32 bits, little end first. A packet is
//! its length, a number that pairs answers with requests (doubled, and odd in an answer), and a value. The first thing
//! that it says is its version. Source: `cmd/esbuild/stdio_protocol.go` and `service.go` of esbuild.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;

use super::bundler::{Bundle, BundleRequest};
use super::esbuild::{Esbuild, Report, arguments, bundle_of};

/// The longest packet that is believed. Bundles are far smaller, as dependencies stay outside.
const LONGEST_PACKET: usize = 1 << 30;

/// A running esbuild. It ends when its standard input does, so also when this process is killed.
#[derive(Debug)]
pub(crate) struct BundlerService {
    esbuild: Esbuild,
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    requests: u32,
}

impl BundlerService {
    /// Starts one. Fails when it is of another version than its package says.
    pub(crate) fn start(esbuild: &Esbuild, folder: &Path) -> io::Result<Self> {
        let mut child = Command::new(&esbuild.program)
            .arg(format!("--service={}", esbuild.version))
            .current_dir(folder)
            .env("PATH", &esbuild.search_path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        let mut service = Self {
            esbuild: esbuild.clone(),
            child,
            input,
            output,
            requests: 0,
        };
        match service.read()? == esbuild.version.as_bytes() {
            true => Ok(service),
            false => Err(ErrorKind::InvalidData.into()),
        }
    }

    /// Whether it is this very bundler.
    pub(crate) fn is_of(&self, esbuild: &Esbuild) -> bool {
        self.esbuild == *esbuild
    }

    /// Bundles. None when the source has errors.
    pub(crate) fn bundle(&mut self, request: &BundleRequest<'_>) -> io::Result<Option<Bundle>> {
        // Nothing is written there; but the paths in source maps are relative to it.
        let output = request.scratch.join("bundle");
        let id = self.requests;
        self.requests += 1;
        let entry = text(request.entry)?;
        let mut flags = Vec::new();
        for argument in arguments(request, &output).into_iter().skip(1) {
            let flag = argument.into_string().map_err(|_| ErrorKind::InvalidInput)?;
            // The report comes in the answer.
            let is_report = flag.starts_with("--metafile=");
            flags.push(Value::Text(if is_report {
                "--metafile".to_owned()
            } else {
                flag
            }));
        }
        let entries = vec![Value::List(vec![Value::Text(String::new()), Value::Text(entry)])];
        self.write(
            id,
            &[
                ("command", Value::Text("build".to_owned())),
                ("key", Value::Number(id)),
                ("entries", Value::List(entries)),
                ("flags", Value::List(flags)),
                ("write", Value::Truth(false)),
                ("stdinContents", Value::Nothing),
                ("stdinResolveDir", Value::Nothing),
                ("absWorkingDir", Value::Text(text(request.folder)?)),
                ("nodePaths", Value::List(Vec::new())),
                ("context", Value::Truth(false)),
            ],
        )?;
        let packet = self.read()?;
        let mut rest = packet.as_slice();
        if take_number(&mut rest)? != (id << 1 | 1) {
            return Err(ErrorKind::InvalidData.into());
        }
        answered(&Value::take(&mut rest)?, request, &output)
    }

    fn write(&mut self, id: u32, fields: &[(&str, Value)]) -> io::Result<()> {
        let mut packet = Vec::new();
        packet.extend(0_u32.to_le_bytes());
        packet.extend((id << 1).to_le_bytes());
        packet.push(OBJECT);
        packet.extend(length(fields.len())?);
        for (name, value) in fields {
            packet.extend(length(name.len())?);
            packet.extend(name.as_bytes());
            value.put(&mut packet)?;
        }
        let size = length(packet.len() - 4)?;
        packet[..4].copy_from_slice(&size);
        self.input.write_all(&packet)
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut size = [0; 4];
        self.output.read_exact(&mut size)?;
        let size = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
        if size > LONGEST_PACKET {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut packet = vec![0; size];
        self.output.read_exact(&mut packet)?;
        Ok(packet)
    }
}

impl Drop for BundlerService {
    fn drop(&mut self) {
        // One that has ended already is waited for all the same.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bundle in an answer. None when it tells of errors, or refuses the request.
fn answered(answer: &Value, request: &BundleRequest<'_>, output: &Path) -> io::Result<Option<Bundle>> {
    let (Some(Value::List(errors)), Some(Value::List(written))) =
        (answer.field("errors"), answer.field("outputFiles"))
    else {
        return Ok(None);
    };
    if !errors.is_empty() {
        return Ok(None);
    }
    let Some(report) = answer.field("metafile").and_then(Value::bytes) else {
        return Err(ErrorKind::InvalidData.into());
    };
    let mut files = Vec::new();
    for file in written {
        let (Some(Value::Text(path)), Some(contents)) =
            (file.field("path"), file.field("contents").and_then(Value::bytes))
        else {
            return Err(ErrorKind::InvalidData.into());
        };
        let name = Path::new(path).file_name().unwrap_or_default();
        files.push((name.to_string_lossy().into_owned(), contents.to_owned()));
    }
    let report = Report::deserialize(&mut serde_json::Deserializer::from_slice(report))?;
    bundle_of(files, &report, request, output).map(Some)
}

fn text(path: &Path) -> io::Result<String> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| ErrorKind::InvalidInput.into())
}

const NOTHING: u8 = 0;
const TRUTH: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const BYTES: u8 = 4;
const LIST: u8 = 5;
const OBJECT: u8 = 6;

/// What packets are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Nothing,
    Truth(bool),
    Number(u32),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Text(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// Writes it at the end of a packet.
    pub(crate) fn put(&self, packet: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Nothing => packet.push(NOTHING),
            Self::Truth(truth) => packet.extend([TRUTH, u8::from(*truth)]),
            Self::Number(number) => {
                packet.push(NUMBER);
                packet.extend(number.to_le_bytes());
            }
            Self::Text(text) => {
                packet.push(TEXT);
                packet.extend(length(text.len())?);
                packet.extend(text.as_bytes());
            }
            Self::Bytes(bytes) => {
                packet.push(BYTES);
                packet.extend(length(bytes.len())?);
                packet.extend(bytes);
            }
            Self::List(items) => {
                packet.push(LIST);
                packet.extend(length(items.len())?);
                for item in items {
                    item.put(packet)?;
                }
            }
            Self::Object(fields) => {
                packet.push(OBJECT);
                packet.extend(length(fields.len())?);
                for (name, value) in fields {
                    packet.extend(length(name.len())?);
                    packet.extend(name.as_bytes());
                    value.put(packet)?;
                }
            }
        }
        Ok(())
    }

    /// Takes the value that `rest` begins with.
    pub(crate) fn take(rest: &mut &[u8]) -> io::Result<Self> {
        let (kind, after) = rest.split_first().ok_or(ErrorKind::UnexpectedEof)?;
        *rest = after;
        Ok(match *kind {
            NOTHING => Self::Nothing,
            TRUTH => {
                let (truth, after) = rest.split_first().ok_or(ErrorKind::UnexpectedEof)?;
                *rest = after;
                Self::Truth(*truth != 0)
            }
            NUMBER => Self::Number(take_number(rest)?),
            TEXT => Self::Text(take_text(rest)?),
            BYTES => Self::Bytes(take_bytes(rest)?.to_owned()),
            LIST => {
                let count = take_number(rest)?;
                Self::List((0..count).map(|_| Self::take(rest)).collect::<io::Result<_>>()?)
            }
            OBJECT => {
                let count = take_number(rest)?;
                let field = |_| Ok((take_text(rest)?, Self::take(rest)?));
                Self::Object((0..count).map(field).collect::<io::Result<_>>()?)
            }
            _ => return Err(ErrorKind::InvalidData.into()),
        })
    }
}

fn length(of: usize) -> io::Result<[u8; 4]> {
    let length = u32::try_from(of).map_err(|_| ErrorKind::InvalidInput)?;
    Ok(length.to_le_bytes())
}

fn take_number(rest: &mut &[u8]) -> io::Result<u32> {
    let (number, after) = rest.split_first_chunk().ok_or(ErrorKind::UnexpectedEof)?;
    *rest = after;
    Ok(u32::from_le_bytes(*number))
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let length = usize::try_from(take_number(rest)?).unwrap_or(usize::MAX);
    let (bytes, after) = rest.split_at_checked(length).ok_or(ErrorKind::UnexpectedEof)?;
    *rest = after;
    Ok(bytes)
}

fn take_text(rest: &mut &[u8]) -> io::Result<String> {
    String::from_utf8(take_bytes(rest)?.to_owned()).map_err(|_| ErrorKind::InvalidData.into())
}
