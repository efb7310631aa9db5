//! Rules that relate several keys of a `relational-database`.

use tapedeck_config::parse::{Entry, Mapping};
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Spanned};

use super::engines::{self, Engine, Family, Form};
use super::logging::{MYSQL_OPTIONS, POSTGRES_OPTIONS};
use super::settings::is_name;
use crate::shared::patterns::version;
use crate::shared::{alarms, passwords, reach, relations};
use crate::worker_service::containers;

pub(super) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    alarms::check(properties, scope);
    containers::secrets(properties, scope);
    reach::check(one, scope);
    reach::addresses(properties, scope);
    let (Some(entry), Some(engine)) = (
        properties
            .entry("engine")
            .and_then(|entry| entry.value.value.as_mapping()),
        engines::of(properties),
    ) else {
        return;
    };
    credentials(properties, engine, scope);
    public_serverless(properties, engine, scope);
    logging(properties, engine, scope);
    backups(properties, engine, scope);
    let Some(settings) = entry.mapping("properties") else {
        if !entry.has("properties")
            && engine.form != Form::OldServerless
            && let Some(name) = entry.entry("type")
        {
            let meaning = "its version, and on what it runs";
            scope
                .diagnostics
                .missing_key(name.key.span, "`engine`", "properties", meaning);
        }
        return;
    };
    version(
        (settings, "version"),
        &format!("`{}`", engine.name),
        engine.versions,
        |given| engine.knows(given),
        scope,
    );
    replicas(settings, engine, scope);
    instances(settings, engine, scope);
    capacity(settings, engine, scope);
    if let Some(storage) = settings.mapping("storage") {
        reversed(storage, ("initialSize", "20"), ("maxSize", "200"), scope);
    }
}

fn credentials(properties: &Mapping, engine: &Engine, scope: &mut Scope<'_>) {
    let Some(credentials) = properties.mapping("credentials") else {
        return;
    };
    let longest = engine.longest_user();
    if let Some(name) = credentials.spanned_text("masterUserName")
        && !name.value.is_empty()
        && !is_name(&name.value, longest)
    {
        let rule = format!("use up to {longest} letters, digits and `_`, and begin with a letter");
        scope
            .diagnostics
            .invalid_name(&name, "name of a user", &rule, None);
    }
    passwords::plaintext(credentials, "masterUserPassword", scope);
    let most = engine.longest_password();
    let holds =
        |text: &str| text.len() <= most && passwords::is_printable_without(text, &['/', '"', '@', ' ', '\'']);
    let advice = format!("use 8 to {most} printable characters of ASCII, but not /, @, quotes or spaces");
    passwords::rule(credentials, "masterUserPassword", holds, &advice, scope);
    if let Some(password) = credentials.spanned_text("masterUserPassword")
        && (1..8).contains(&password.value.len())
    {
        let subject = "a password of less than 8 characters";
        scope
            .diagnostics
            .refused_by_aws(password.span, subject, "use 8 characters or more");
    }
}

/// Aurora Serverless v1 has no public address.
fn public_serverless(properties: &Mapping, engine: &Engine, scope: &mut Scope<'_>) {
    if engine.form != Form::OldServerless || reach::mode(properties) != Some("internet") {
        return;
    }
    let mode = properties
        .mapping("accessibility")
        .and_then(|accessibility| accessibility.spanned_text("accessibilityMode"));
    if let Some(mode) = mode {
        let advice = format!(
            "`{}` has no public address: use vpc or scoping-workloads-in-vpc",
            engine.name
        );
        scope
            .diagnostics
            .invalid_value(&mode, "`accessibilityMode`", Allowed::Advice(&advice));
    }
}

fn logging(properties: &Mapping, engine: &Engine, scope: &mut Scope<'_>) {
    let Some(logging) = properties.mapping("logging") else {
        return;
    };
    let known = engine.log_types();
    for item in logging.spanned_items("logTypes") {
        if let Some(text) = item.value.as_text().filter(|text| !text.is_empty())
            && !known.contains(&text)
        {
            let given = Spanned::new(text.to_string(), item.span);
            let allowed = Allowed::OneOf {
                supported: known,
                known,
            };
            scope
                .diagnostics
                .invalid_value(&given, "an item of `logTypes`", allowed);
        }
    }
    let options: &[&str] = match engine.family {
        Family::Postgres => &POSTGRES_OPTIONS,
        Family::Mysql | Family::Mariadb => &MYSQL_OPTIONS,
        Family::SqlServer | Family::Oracle => &[],
    };
    let given = logging.mapping("engineSpecificOptions");
    for entry in given.map(|given| given.entries.as_slice()).unwrap_or_default() {
        let name = entry.key.value.as_str();
        let is_of_others = POSTGRES_OPTIONS.contains(&name) || MYSQL_OPTIONS.contains(&name);
        if is_of_others && !options.contains(&name) {
            let parent = format!("`engineSpecificOptions` of `{}`", engine.name);
            let advice = match options {
                [] => "this engine has no such options: remove it".to_string(),
                options => format!("its options are {}", options.join(", ")),
            };
            scope.diagnostics.misplaced_key(&entry.key, &parent, &advice);
        }
    }
}

/// Aurora always keeps backups, and replicas are made of them.
fn backups(properties: &Mapping, engine: &Engine, scope: &mut Scope<'_>) {
    if properties.integer("automatedBackupRetentionDays") != Some(0_i64) {
        return;
    }
    let Some(value) = properties.get("automatedBackupRetentionDays") else {
        return;
    };
    let given = Spanned::new("0".to_string(), value.span);
    let subject = "`automatedBackupRetentionDays`";
    let replicas = engines::settings(properties).map_or(0, |settings| settings.list("readReplicas").len());
    if engine.form != Form::Instance {
        let advice = "use 1 to 35 days: Aurora always keeps backups";
        scope.diagnostics.out_of_range(&given, subject, advice);
    } else if replicas > 0 {
        let advice = "use 1 to 35 days: read replicas are made of backups";
        scope.diagnostics.out_of_range(&given, subject, advice);
    }
}

fn replicas(settings: &Mapping, engine: &Engine, scope: &mut Scope<'_>) {
    let count = settings.list("readReplicas").len();
    let Some(entry) = settings
        .entry("readReplicas")
        .filter(|_| count > engine.most_replicas)
    else {
        return;
    };
    let advice = match (engine.family, engine.most_replicas) {
        (Family::SqlServer, 0) => "of SQL Server, only `sqlserver-ee` can have read replicas",
        (_, 0) => "of Oracle, only `oracle-ee` can have read replicas",
        (_, most) => {
            return scope
                .diagnostics
                .too_many(entry.key.span, "read replicas", count, most);
        }
    };
    scope
        .diagnostics
        .misplaced_key(&entry.key, &format!("`{}`", engine.name), advice);
}

fn instances(settings: &Mapping, engine: &Engine, scope: &mut Scope<'_>) {
    if let Some(entry) = settings.entry("instances") {
        let count = entry.value.value.as_list().map_or(0, <[_]>::len);
        if entry.value.value.as_list() == Some(&[]) {
            scope
                .diagnostics
                .empty_section(entry.key.span, "`instances`", &[]);
        }
        if count > engine.most_replicas + 1 {
            let most = engine.most_replicas + 1;
            scope
                .diagnostics
                .too_many(entry.key.span, "instances", count, most);
        }
    }
    let primary = settings.mapping("primaryInstance");
    if let Some(entry) = primary.and_then(|primary| primary.entry("multiAz"))
        && engine.name == "sqlserver-ex"
        && entry.value.value.as_boolean() == Some(true)
    {
        let advice = "the Express edition runs on one instance: remove it, or use another edition";
        scope
            .diagnostics
            .misplaced_key(&entry.key, "`sqlserver-ex`", advice);
    }
}

fn capacity(settings: &Mapping, engine: &Engine, scope: &mut Scope<'_>) {
    match engine.form {
        Form::Serverless => {
            for key in ["minCapacity", "maxCapacity"] {
                half_units(settings.entry(key), scope);
            }
            reversed(settings, ("minCapacity", "0.5"), ("maxCapacity", "10"), scope);
        }
        Form::OldServerless => {
            for key in ["minCapacity", "maxCapacity"] {
                old_units(settings.entry(key), engine, scope);
            }
            reversed(settings, ("minCapacity", "2"), ("maxCapacity", "4"), scope);
        }
        Form::Instance | Form::Cluster => {}
    }
}

fn half_units(entry: Option<&Entry>, scope: &mut Scope<'_>) {
    if let Some(entry) = entry
        && let Some(number) = entry.value.value.as_number()
        && (0.0..=256.0).contains(&number)
        && (number * 2.0).fract() != 0.0
    {
        let given = Spanned::new(number.to_string(), entry.value.span);
        let subject = format!("`{}`", entry.key.value);
        scope
            .diagnostics
            .out_of_range(&given, &subject, "use a multiple of 0.5");
    }
}

/// The two engines grow in other steps. Source: user guide of Aurora, "Aurora Serverless v1 capacity".
fn old_units(entry: Option<&Entry>, engine: &Engine, scope: &mut Scope<'_>) {
    let (refused, advice): (&[i64], _) = match engine.family {
        Family::Postgres => (&[1, 128, 256], "use one of 2, 4, 8, 16, 32, 64, 192, 384"),
        _ => (&[192, 384], "use one of 1, 2, 4, 8, 16, 32, 64, 128, 256"),
    };
    if let Some(entry) = entry
        && let Some(number) = entry.value.value.as_integer()
        && refused.contains(&number)
    {
        let given = Spanned::new(number.to_string(), entry.value.span);
        let subject = format!("`{}`", entry.key.value);
        scope.diagnostics.out_of_range(&given, &subject, advice);
    }
}

/// As [`relations::bounds`], where each of the two has a default.
fn reversed(mapping: &Mapping, least: (&str, &str), greatest: (&str, &str), scope: &mut Scope<'_>) {
    if mapping.has(least.0) && mapping.has(greatest.0) {
        return relations::bounds(mapping, least.0, greatest.0, scope);
    }
    let number = |(key, default): (&str, &str)| match mapping.get(key) {
        Some(value) => value.value.as_number(),
        None => default.parse().ok(),
    };
    let written = mapping.get(least.0).or_else(|| mapping.get(greatest.0));
    if let (Some(low), Some(high), Some(written)) = (number(least), number(greatest), written)
        && high < low
    {
        let shown = |(key, default): (&'_ str, &'_ str)| mapping.scalar(key).unwrap_or(default).to_string();
        let (high, low) = (shown(greatest), shown(least));
        scope
            .diagnostics
            .reversed_bounds(written.span, (greatest.0, &high), (least.0, &low));
    }
}
