//! Prisma: clients that are generated when they have to be, and that run. The packages come from npm, which may take a minute.

use std::process::Command;

use fs_err as fs;
use tapedeck_build::{LayerName, Outcome};
use tapedeck_image::{Image, Platform};

use crate::project::{Project, find, image, laid_out, no_programs, printed_by, rebuilt};

/// A program that makes a table, puts a row into it and reads that back.
fn program(import: &str) -> String {
    format!(
        "{import}\nimport {{ PrismaLibSQL as Adapter }} from './adapter';\n\
         const client = new PrismaClient({{ adapter: new Adapter({{ url: 'file:' + process.env.DATABASE }}) }});\n\
         async function main() {{\n  \
           await client.$executeRawUnsafe('CREATE TABLE User (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INTEGER)');\n  \
           await client.user.create({{ data: {{ name: 'Ada' }} }});\n  \
           console.log(JSON.stringify(await client.user.findMany()));\n}}\nmain();\n"
    )
}

fn schema(generator: &str, datasource: &str, fields: &str) -> String {
    format!(
        "generator client {{\n{generator}\n}}\ndatasource db {{\n  provider = \"sqlite\"\n{datasource}\n}}\n\
         model User {{\n  id   Int    @id @default(autoincrement())\n  name String\n{fields}\n}}\n"
    )
}

fn manifest(version: &str, adapter: &str) -> String {
    format!(
        r#"{{ "name": "p", "dependencies": {{ "@prisma/client": "{version}", "@prisma/adapter-libsql": "{adapter}" }},
            "devDependencies": {{ "prisma": "{version}" }} }}"#
    )
}

/// What the application of an image prints, started in the folder that the image says, with the Node of this machine.
fn run(image: &Image) -> String {
    let root = laid_out(image);
    printed_by(
        Command::new("node")
            .arg("index.js")
            .current_dir(root.path().join("app"))
            .env("DATABASE", root.path().join("data.db")),
    )
}

fn has_generated(project: &Project) -> bool {
    project.told.0.iter().any(|step| step.contains("prisma generate"))
}

#[test]
fn a_client_in_node_modules_is_generated_packaged_and_runs() {
    let js = "  provider = \"prisma-client-js\"";
    let source = program("import { PrismaClient } from '@prisma/client';");
    let config = "export default { schema: 'prisma/schema.prisma' };\n";
    let mut project = Project::with(&[
        ("package.json", &manifest("7.10.0", "7.10.0")),
        ("prisma.config.ts", config),
        ("prisma/schema.prisma", &schema(js, "", "")),
        (
            "src/adapter.ts",
            "export { PrismaLibSql as PrismaLibSQL } from '@prisma/adapter-libsql';\n",
        ),
        ("src/main.ts", &source),
    ]);
    let first = project.build().unwrap();
    assert!(has_generated(&project), "{:?}", project.told);
    assert_eq!(rebuilt(&first), [LayerName::Dependencies, LayerName::Application]);
    assert_eq!(run(&image(&first)), "[{\"id\":1,\"name\":\"Ada\"}]\n");
    assert!(find(&image(&first), "app/node_modules/.prisma/client/index.js").is_some());

    let path = std::mem::replace(&mut project.search_path, no_programs());
    assert_eq!(project.build().unwrap().outcome, Outcome::Unchanged);
    project.search_path = path;

    // An edit leaves the client alone, another schema does not.
    project.write("src/main.ts", &format!("{source}// edited\n"));
    project.build().unwrap();
    assert!(!has_generated(&project), "{:?}", project.told);
    project.write("prisma/schema.prisma", &schema(js, "", "  age  Int?"));
    let second = project.build().unwrap();
    assert!(has_generated(&project), "{:?}", project.told);
    assert_eq!(rebuilt(&second), [LayerName::Dependencies]);
    assert_eq!(
        run(&image(&second)),
        "[{\"id\":1,\"name\":\"Ada\",\"age\":null}]\n"
    );

    // The newer generator writes TypeScript among the sources, which is bundled.
    let ts = "  provider = \"prisma-client\"\n  moduleFormat = \"cjs\"\n  output = \"../src/db\"";
    project.write("prisma/schema.prisma", &schema(ts, "", ""));
    project.write(
        "src/main.ts",
        &program("import { PrismaClient } from './db/client';"),
    );
    fs::remove_dir_all(project.path("node_modules/.prisma")).unwrap();
    let third = project.build().unwrap();
    assert!(project.path("src/db/client.ts").is_file(), "{:?}", project.told);
    assert_eq!(run(&image(&third)), "[{\"id\":1,\"name\":\"Ada\"}]\n");

    project.write("prisma/schema.prisma", &schema(ts, "", "  age  Wrong"));
    let error = project.error();
    assert!(
        error.contains("cannot generate the Prisma client") && error.contains("Wrong"),
        "{error}"
    );
}

#[test]
fn a_client_among_the_sources_finds_what_it_reads_and_needs_an_engine_for_the_image() {
    let own = "  provider = \"prisma-client-js\"\n  output = \"../src/db\"\n  engineType = \"client\"";
    let url = "  url = \"file:./data.db\"";
    let mut project = Project::with(&[
        ("package.json", &manifest("6.19.3", "6.19.3")),
        ("prisma/schema.prisma", &schema(own, url, "")),
        (
            "src/adapter.ts",
            "export { PrismaLibSQL } from '@prisma/adapter-libsql';\n",
        ),
        ("src/main.ts", &program("import { PrismaClient } from './db';")),
    ]);
    let first = project.build().unwrap();
    assert!(has_generated(&project), "{:?}", project.told);
    assert!(find(&image(&first), "app/src/db/query_compiler_bg.wasm").is_some());
    assert_eq!(run(&image(&first)), "[{\"id\":1,\"name\":\"Ada\"}]\n");
    let path = std::mem::replace(&mut project.search_path, no_programs());
    assert_eq!(project.build().unwrap().outcome, Outcome::Unchanged);
    project.search_path = path;

    let foreign = match Platform::host() {
        Platform::Amd64 => "linux-arm64-openssl-3.0.x",
        Platform::Arm64 => "debian-openssl-3.0.x",
    };
    project.write(
        &format!("src/db/libquery_engine-{foreign}.so.node"),
        "machine code",
    );
    project.write(
        "src/main.ts",
        &format!("{}// edited\n", program("import { PrismaClient } from './db';")),
    );
    let error = project.error();
    assert!(error.contains("binaryTargets = [\"native\", "), "{error}");
}
