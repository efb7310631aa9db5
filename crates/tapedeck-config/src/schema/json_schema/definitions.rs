//! Objects of the tables as definitions, each once, however many keys take it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::super::{Branch, Key, Kind, Need, Object, Support};
use super::{described, refused, values};
use crate::words;

/// The definitions that were made so far.
pub(super) struct Definitions {
    /// By the place in memory of an object: tables are static, and an object that several keys take is one.
    names: HashMap<*const Object, String>,
    bodies: Map<String, Value>,
}

impl Definitions {
    pub(super) fn new() -> Self {
        Self {
            names: HashMap::new(),
            bodies: Map::new(),
        }
    }

    /// Adds a definition that is no object of the tables.
    pub(super) fn insert(&mut self, name: &str, body: Value) {
        self.bodies.insert(name.to_string(), body);
    }

    /// All definitions.
    pub(super) fn finish(self) -> Map<String, Value> {
        self.bodies
    }

    /// A reference to the definition of an object, which is made if there is none yet.
    pub(super) fn reference(&mut self, object: &'static Object) -> Value {
        let name = match self.names.get(&std::ptr::from_ref(object)) {
            Some(name) => name.clone(),
            None => {
                let name = self.free_name(object);
                self.names.insert(std::ptr::from_ref(object), name.clone());
                // It has its name from now on, for objects that hold themselves.
                self.bodies.insert(name.clone(), Value::Null);
                let body = self.body(object);
                self.bodies.insert(name.clone(), Value::Object(body));
                name
            }
        };
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    fn free_name(&self, object: &Object) -> String {
        let title = words::title(object);
        let stem = tapedeck_model::naming::camel_case(&title).unwrap_or_else(|| "object".to_string());
        let mut name = stem.clone();
        let mut count = 2;
        while self.bodies.contains_key(&name) {
            name = format!("{stem}{count}");
            count += 1;
        }
        name
    }

    /// What holds of mappings with the keys of an object. It looks at mappings only.
    pub(super) fn body(&mut self, object: &'static Object) -> Map<String, Value> {
        let mut properties = Map::new();
        for key in object.keys {
            properties.insert(key.name.to_string(), Value::Object(self.key(key)));
        }
        for (name, advice) in object.absent {
            properties.insert((*name).to_string(), refused(&words::sentence(advice)));
        }
        let named = |need: Need| {
            let keys = object.keys.iter().filter(move |key| key.need == need);
            keys.map(|key| key.name).collect::<Vec<_>>()
        };
        let mut body = Map::from_iter([
            ("title".to_string(), json!(words::title(object))),
            ("properties".to_string(), Value::Object(properties)),
            ("additionalProperties".to_string(), json!(false)),
        ]);
        let required = named(Need::Required);
        if !required.is_empty() {
            body.insert("required".to_string(), json!(required));
        }
        let conditions: Vec<Value> = object.keys.iter().flat_map(|key| self.conditions(key)).collect();
        if !conditions.is_empty() {
            body.insert("allOf".to_string(), Value::Array(conditions));
        }
        body
    }

    /// A key of an object.
    pub(super) fn key(&mut self, key: &'static Key) -> Map<String, Value> {
        if key.support == Support::NotYet {
            let message = format!("{} is not supported yet: {}", key.name, key.doc);
            return super::into_map(refused(&message));
        }
        let schema = values::kind(&key.kind, key.late, self);
        described(key, schema)
    }

    /// What a key has to do with others of its mapping.
    fn conditions(&mut self, key: &'static Key) -> Vec<Value> {
        let mut conditions = Vec::new();
        if let Need::Unless(other) = key.need {
            conditions.push(json!({ "anyOf": [{ "required": [key.name] }, { "required": [other] }] }));
        }
        if let Kind::Branch(branch) = key.kind {
            for case in branch.cases {
                let properties = values::mapping(case.object, key.late, self);
                conditions.push(json!({
                    "if": { "properties": { branch.key: decides(branch, case.values) }, "required": [branch.key] },
                    "then": { "properties": { key.name: properties } },
                }));
            }
        }
        conditions
    }
}

/// The texts of the deciding key that lead to a case.
fn decides(branch: &Branch, cases: &[&str]) -> Value {
    match cases {
        _ if branch.is_by_extension() => {
            json!({ "type": "string", "pattern": values::with_extension(cases) })
        }
        [only] => json!({ "const": only }),
        several => json!({ "enum": several }),
    }
}
