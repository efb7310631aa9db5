//! What can go wrong with Prisma.

use std::path::PathBuf;

/// The client of Prisma cannot be packaged. The message is complete.
#[derive(Debug, thiserror::Error)]
pub enum PrismaError {
    /// There is no client, and nothing to generate it with.
    #[error(
        "the Prisma client of {} is not generated from it as it is now, and the package `prisma` is not installed: add it to \
         devDependencies, or run `prisma generate`", schema.display()
    )]
    NotGenerated {
        /// The schema.
        schema: PathBuf,
    },
    /// Generating failed.
    #[error(
        "cannot generate the Prisma client: `prisma generate` ended with {status} in {}: run it there by hand, with the \
         variables that it needs, once the schema is corrected\n{output}", folder.display()
    )]
    Generate {
        /// Where it ran.
        folder: PathBuf,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
    /// The client has no engine for the system of the image.
    #[error(
        "the Prisma client has an engine for {other} and none for {wanted}, which the image is: add \
         `binaryTargets = [\"native\", \"{wanted}\"]` to the generator of the client in the schema, or use one without engines \
         (`engineType = \"client\"` with a driver adapter)"
    )]
    NoEngine {
        /// What the image is, in Prisma's words.
        wanted: &'static str,
        /// What there is an engine for.
        other: String,
    },
}
