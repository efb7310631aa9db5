//! TypeScript and JavaScript.

use expect_test::expect;

use super::super::candidate::Strength;
use super::super::detect::candidates;
use super::{check, project};

/// The best candidate of a package whose package.json has these keys.
fn best(manifest: &str, files: &[&str]) -> String {
    let mut all = vec![("package.json", manifest)];
    all.extend(files.iter().map(|path| (*path, "")));
    let found = candidates(&project(&all));
    found
        .first()
        .map_or("nothing".to_string(), |best| best.packaging.path())
}

#[test]
fn a_new_package_of_npm_names_a_file_that_is_not_there() {
    check(
        &[
            ("package.json", r#"{ "name": "mailer", "main": "index.js" }"#),
            ("src/main.ts", ""),
        ],
        expect![[r#"
            mailer: src/main.ts (TypeScript, by its usual name)
        "#]],
    );
}

#[test]
fn files_of_the_usual_names_are_found() {
    check(
        &[
            ("package.json", r#"{ "name": "@acme/mailer" }"#),
            ("src/main.ts", ""),
            ("src/worker.mts", ""),
            ("src/app.ts", ""),
            ("index.js", ""),
            ("other.js", ""),
        ],
        expect![[r#"
            mailer: src/main.ts (TypeScript, by its usual name)
            mailer: src/worker.mts (TypeScript, by its usual name)
            mailer: index.js (JavaScript, by its usual name)
        "#]],
    );
}

#[test]
fn a_server_is_an_entry_file_when_nothing_else_is() {
    check(
        &[("package.json", "{}"), ("src/server.ts", "")],
        expect![[r#"
        -: src/server.ts (TypeScript, by its usual name)
    "#]],
    );
    check(
        &[("app.mjs", "")],
        expect![[r#"
        -: app.mjs (JavaScript, by its usual name)
    "#]],
    );
}

#[test]
fn a_page_for_browsers_is_none() {
    check(
        &[
            (
                "package.json",
                r#"{ "scripts": { "dev": "vite", "build": "vite build" } }"#,
            ),
            ("index.html", ""),
            ("src/main.ts", ""),
        ],
        expect![[""]],
    );
}

#[test]
fn a_start_script_leads_to_the_source() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("node dist/main.js", &["src/main.ts"], "src/main.ts"),
        ("node dist/main", &["src/main.ts"], "src/main.ts"),
        (
            "node ./dist/jobs/mail.js",
            &["src/jobs/mail.ts"],
            "src/jobs/mail.ts",
        ),
        ("node dist/src/mail.js", &["src/mail.ts"], "src/mail.ts"),
        ("node dist/mail.mjs", &["mail.mts"], "mail.mts"),
        (
            "node dist/apps/mail/main.js",
            &["apps/mail/src/main.ts"],
            "apps/mail/src/main.ts",
        ),
        ("node .output/mail.js", &["src/mail.ts"], "src/mail.ts"),
        ("node lib/mail.js", &["lib/mail.js", "mail.js"], "lib/mail.js"),
        ("node lib/mail.js", &["lib/mail.js", "src/mail.ts"], "src/mail.ts"),
        ("node src/mail.js", &["src/mail.js"], "src/mail.js"),
        ("node src/mail.js", &["src/mail.js", "src/mail.ts"], "src/mail.ts"),
        ("node src/mail", &["src/mail/index.ts"], "src/mail/index.ts"),
        ("node .", &["index.cjs"], "index.cjs"),
        ("tsx src/mail.ts", &["src/mail.ts"], "src/mail.ts"),
        (
            "tsx watch --clear-screen=false src/mail.ts",
            &["src/mail.ts"],
            "src/mail.ts",
        ),
        (
            "ts-node -P tsconfig.build.json src/mail.ts",
            &["src/mail.ts"],
            "src/mail.ts",
        ),
        (
            "node --import tsx --env-file .env src/mail.ts",
            &["src/mail.ts"],
            "src/mail.ts",
        ),
        ("node --watch mail.js", &["mail.js"], "mail.js"),
        (
            "nodemon --watch src --exec 'tsx src/mail.ts'",
            &["src/mail.ts"],
            "src/mail.ts",
        ),
        ("pnpm exec tsx src/mail.ts", &["src/mail.ts"], "src/mail.ts"),
        (
            "./node_modules/.bin/tsx src/mail.ts",
            &["src/mail.ts"],
            "src/mail.ts",
        ),
        ("bun run src/mail.ts", &["src/mail.ts"], "src/mail.ts"),
        (
            "pm2-runtime start dist/mail.js -i 2",
            &["src/mail.ts"],
            "src/mail.ts",
        ),
        (
            "NODE_ENV=production node -r ./tracing.js dist/mail.js",
            &["src/mail.ts", "tracing.js"],
            "src/mail.ts",
        ),
        (
            "tsc && tsx scripts/migrate.ts && node dist/mail.js | pino-pretty",
            &["src/mail.ts", "scripts/migrate.ts"],
            "src/mail.ts",
        ),
        ("next start", &["pages/mail.ts"], "nothing"),
        ("node ../other/mail.js", &["mail.js"], "nothing"),
        ("node", &["mail.js"], "nothing"),
        ("", &["mail.js"], "nothing"),
    ];
    for (script, files, expected) in cases {
        let manifest = serde_json::json!({ "scripts": { "start": script } }).to_string();
        assert_eq!(best(&manifest, files), *expected, "{script}");
    }
}

#[test]
fn scripts_that_start_scripts_are_followed() {
    let manifest = r#"{ "scripts": {
        "start": "npm run build && npm run start:live",
        "build": "tsc",
        "start:live": "node dist/mail.js"
    } }"#;
    assert_eq!(best(manifest, &["src/mail.ts"]), "src/mail.ts");
    let circle = r#"{ "scripts": { "start": "yarn run again", "again": "npm run start" } }"#;
    assert_eq!(best(circle, &["src/mail.ts"]), "nothing");
}

#[test]
fn what_starts_it_goes_before_what_it_exports_and_what_it_installs() {
    check(
        &[
            (
                "package.json",
                r#"{
                    "name": "shop",
                    "main": "dist/library.js",
                    "module": "dist/module.mjs",
                    "bin": { "shop": "bin/shop.js", "other": "./bin/none.js" },
                    "scripts": { "start": "node dist/server.js", "worker": "node dist/jobs.js", "dev": "tsx src/server.ts" }
                }"#,
            ),
            ("bin/shop.js", ""),
            ("src/index.ts", ""),
            ("src/jobs.ts", ""),
            ("src/library.ts", ""),
            ("src/module.ts", ""),
            ("src/server.ts", ""),
        ],
        expect![[r#"
            shop: src/server.ts (TypeScript, named by `scripts.start` of package.json)
            shop: src/jobs.ts (TypeScript, named by `scripts.worker` of package.json)
            shop: src/library.ts (TypeScript, named by `main` of package.json)
            shop: src/module.ts (TypeScript, named by `module` of package.json)
            shop: bin/shop.js (JavaScript, named by `bin` of package.json)
            shop: src/index.ts (TypeScript, by its usual name)
        "#]],
    );
}

#[test]
fn packages_of_a_repository_come_after_its_own_files_and_the_started_ones_first() {
    check(
        &[
            (
                "package.json",
                r#"{ "name": "everything", "workspaces": ["apps/*", "packages/*"] }"#,
            ),
            (
                "apps/mailer/package.json",
                r#"{ "name": "@shop/mailer", "scripts": { "start": "node dist/main.js" } }"#,
            ),
            ("apps/mailer/src/main.ts", ""),
            ("apps/printer/package.json", "not JSON"),
            ("apps/printer/src/index.js", ""),
            (
                "packages/shared/package.json",
                r#"{ "name": "@shop/shared", "main": "dist/index.js" }"#,
            ),
            ("packages/shared/src/index.ts", ""),
        ],
        expect![[r#"
            mailer: apps/mailer/src/main.ts (TypeScript, named by `scripts.start` of apps/mailer/package.json)
            shared: packages/shared/src/index.ts (TypeScript, named by `main` of packages/shared/package.json)
            printer: apps/printer/src/index.js (JavaScript, by its usual name)
        "#]],
    );
}

#[test]
fn strange_manifests_are_no_obstacle() {
    for manifest in [
        "",
        "[]",
        "null",
        r#"{ "main": 5, "scripts": [], "bin": null, "name": {} }"#,
        r#"{ "main": "", "scripts": { "start": 1 }, "bin": [1], "name": "" }"#,
        r#"{ "main": "../../..", "bin": "/etc/passwd", "module": "." }"#,
        "\u{feff}{}",
    ] {
        assert_eq!(best(manifest, &["src/main.ts"]), "src/main.ts", "{manifest}");
    }
}

#[test]
fn types_alone_are_no_entry_file() {
    assert_eq!(
        best(r#"{ "main": "index.d.ts" }"#, &["index.d.ts", "main.css"]),
        "index.d.ts"
    );
    assert_eq!(best("{}", &["index.d.ts", "src/main.css"]), "nothing");
}

#[test]
fn a_declared_file_is_listed_once() {
    let seen = project(&[
        (
            "package.json",
            r#"{ "main": "dist/main.js", "scripts": { "start": "node dist/main.js", "dev": "tsx src/main.ts" } }"#,
        ),
        ("src/main.ts", ""),
    ]);
    let found = candidates(&seen);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].strength, Strength::Started(0));
}
