//! Programs that stand in for services of AWS on this machine, as images that tasks are run from.
//!
//! [`prepare`] makes sure that the store holds the image of one, and says how it is to be run: where it listens, where its
//! one folder of data is mounted, as whom it runs. Nothing is started here. What each takes from environment variables is
//! in the header of its start script, which is a file beside this one:
//!
//! | kind | stands in for | from | start script |
//! |---|---|---|---|
//! | [`Kind::Aws`] | the APIs of AWS | ministack, pinned with all that it needs; Node for functions | `aws.py` |
//! | [`Kind::Postgres`] | RDS and Aurora for PostgreSQL | the distribution | `postgres.sh` |
//! | [`Kind::MariaDb`] | RDS and Aurora for MySQL and MariaDB | the distribution | `mariadb.sh` |
//! | [`Kind::Redis`] | ElastiCache | the distribution | `redis.sh` |
//! | [`Kind::Upstash`] | the REST protocol of Upstash | tapedeck itself, above the image of Redis | none: [`crate::upstash::run`] |
//! | [`Kind::Mongo`] | MongoDB Atlas | SecantusDB, pinned likewise | `mongo.py` |
//! | [`Kind::Kafka`] | Kafka | Tansu, pinned likewise | `kafka.py` |
//!
//! All of them start again after they were killed at any moment, also in the middle of their first start, and have whatever
//! they had acknowledged; but for ministack (see `aws.py`), for Redis in what a power failure takes, and for Kafka, which keeps nothing. A password that has changed is in force at
//! the next start. Two that are given the same data do not run at the same time: the second waits.

mod error;
mod packaged;
mod python;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tapedeck_image::base::INIT;
use tapedeck_image::{Platform, Progress, Store};
use tapedeck_model::{Cpu, ImageDigest, MemoryMb};

pub use error::StandInError;

/// The user and the group that every stand-in runs as: `nonroot` of the bases that are assembled here.
const USER: (u32, u32) = (65_532, 65_532);
/// Where the data of a stand-in is.
const DATA: &str = "/data";
/// The start script in an image.
const START: &str = "/usr/local/lib/tapedeck/start";
/// This program in an image.
const OWN_PROGRAM: &str = "/usr/local/lib/tapedeck/tapedeck";

/// What a stand-in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// ministack, for the APIs of AWS.
    Aws,
    /// PostgreSQL, for RDS and Aurora.
    Postgres,
    /// MariaDB, for MySQL and MariaDB of RDS and Aurora.
    MariaDb,
    /// Redis, for ElastiCache.
    Redis,
    /// A server of our own beside a Redis, for Upstash.
    Upstash,
    /// SecantusDB, for MongoDB Atlas.
    Mongo,
    /// Tansu, for Kafka. Keeps everything in memory.
    Kafka,
}

/// A stand-in that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Its image, which is in the store. Its entrypoint and its stop signal are in the image's configuration.
    pub image: ImageDigest,
    /// The version that really runs, such as `15.18`.
    pub version: String,
    /// Where it listens unless a variable says otherwise.
    pub port: u16,
    /// Where its one folder of data is mounted, which [`Self::user`] owns.
    pub data: PathBuf,
    /// User and group that it runs as.
    pub user: (u32, u32),
    /// A command that, run in its container with its environment, ends with 0 when it answers.
    pub ready: Vec<String>,
    /// Memory that suits development.
    pub memory: MemoryMb,
    /// CPU that suits development.
    pub cpu: Cpu,
    /// How long an end in order may take.
    pub stop_timeout: Duration,
}

/// What stand-ins are made with.
#[derive(Debug, Clone, Copy)]
pub struct Workshop<'a> {
    /// Where images go. Hold [`Store::share`] across [`prepare`] and until the image is recorded as in use.
    pub store: &'a Store,
    /// The cache of builds. Made when missing; may be removed at any time at the cost of time.
    pub cache: &'a Path,
    /// Where programs are looked for, in the form of `PATH`.
    pub search_path: &'a OsStr,
    /// The processor that images are for.
    pub platform: Platform,
    /// This program, which [`Kind::Upstash`] is.
    pub program: &'a Path,
}

/// Makes sure that the store holds the image of a stand-in, and says how it is to be run.
///
/// The first call fetches packages, which takes the network and apt, for those in Python a Python with pip, and for [`Kind::Aws`] npm. Later ones
/// look into the store and start no process, until bases are forgotten or what is in the image changes.
///
/// # Errors
/// [`StandInError`]; the store is then as usable as before.
pub fn prepare(
    kind: Kind,
    workshop: &Workshop<'_>,
    progress: &mut dyn Progress,
) -> Result<StandIn, StandInError> {
    let (image, version) = match kind {
        Kind::Aws => python::image(&python::MINISTACK, workshop, progress)?,
        Kind::Postgres => packaged::image(&packaged::POSTGRES, workshop, progress)?,
        Kind::MariaDb => packaged::image(&packaged::MARIADB, workshop, progress)?,
        Kind::Redis => packaged::image(&packaged::REDIS, workshop, progress)?,
        Kind::Upstash => packaged::upstash(workshop, progress)?,
        Kind::Mongo => python::image(&python::SECANTUSDB, workshop, progress)?,
        Kind::Kafka => python::image(&python::TANSU, workshop, progress)?,
    };
    workshop.store.settle()?;
    let (port, memory, vcpu, stop_seconds) = kind.sizes();
    Ok(StandIn {
        image,
        version,
        port,
        data: DATA.into(),
        user: USER,
        ready: kind.ready(),
        memory: MemoryMb::new(memory).expect("more than the least, less than the most"),
        cpu: Cpu::from_vcpu(vcpu).expect("a size that Fargate has"),
        stop_timeout: Duration::from_secs(stop_seconds),
    })
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Aws,
        Self::Postgres,
        Self::MariaDb,
        Self::Redis,
        Self::Upstash,
        Self::Mongo,
        Self::Kafka,
    ];

    /// What it stands in for.
    #[must_use]
    pub const fn service(self) -> &'static str {
        match self {
            Self::Aws => "the APIs of AWS",
            Self::Postgres => "PostgreSQL of RDS",
            Self::MariaDb => "MySQL and MariaDB of RDS",
            Self::Redis => "ElastiCache",
            Self::Upstash => "Upstash",
            Self::Mongo => "MongoDB Atlas",
            Self::Kafka => "Kafka",
        }
    }

    /// Port, MiB of memory, vCPU, seconds to stop. A database that ends writes what it had in memory to the disk; the
    /// functions of a stack run within ministack.
    const fn sizes(self) -> (u16, u32, f64, u64) {
        match self {
            Self::Aws => (4566, 2048, 2.0, 60),
            Self::Postgres => (5432, 512, 2.0, 60),
            Self::MariaDb => (3306, 512, 2.0, 60),
            Self::Redis | Self::Upstash => (6379, 256, 1.0, 30),
            Self::Mongo => (27017, 512, 2.0, 60),
            Self::Kafka => (9092, 256, 1.0, 30),
        }
    }

    /// The command that starts it, the init aside.
    fn start(self) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Aws | Self::Mongo | Self::Kafka => &["python3", python::PROGRAM],
            Self::Postgres | Self::MariaDb | Self::Redis => &[START],
            Self::Upstash => &[OWN_PROGRAM, "upstash"],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// The command that tells whether it answers.
    fn ready(self) -> Vec<String> {
        let start = match self {
            // What is in front of a Redis is asked as that is.
            Self::Upstash => Self::Redis.start(),
            _ => self.start(),
        };
        start.into_iter().chain(["ready".to_owned()]).collect()
    }

    /// The whole command line of its image.
    fn entrypoint(self) -> Vec<String> {
        let init = [INIT, "--"].map(str::to_owned);
        init.into_iter().chain(self.start()).collect()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Aws => "ministack",
            Self::Postgres => "PostgreSQL",
            Self::MariaDb => "MariaDB",
            Self::Redis => "Redis",
            Self::Upstash => "tapedeck",
            Self::Mongo => "SecantusDB",
            Self::Kafka => "Tansu",
        })
    }
}
