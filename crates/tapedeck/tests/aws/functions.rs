//! Functions beside services: their code goes to the bucket of the stack, and the next call runs it.

use serde_json::json;

use crate::world::World;

const CONFIG: &str = "projectName: shop
resources:
  greet:
    type: function
    properties:
      packaging: { type: stacktape-lambda-buildpack, properties: { entryfilePath: src/greet.ts } }
  worker:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/main.js } }
      resources: { cpu: 0.25, memory: 512 }
      connectTo: [greet]
";

#[test]
fn code_of_functions_is_brought_and_runs() {
    let Some(world) = World::ready() else { return };
    world.write("stacktape.yml", CONFIG);
    let says = |word: &str| {
        let code =
            format!("export default async (event: any): Promise<string> => `{word} ${{event.name}}`;\n");
        world.write("src/greet.ts", &code);
    };
    let said = || {
        const PROGRAM: &str = "
import botocore.session
client = botocore.session.get_session().create_client('lambda')
print(client.invoke(FunctionName='shop-dev-greet', Payload=b'{\"name\": \"Ada\"}')['Payload'].read().decode())";
        world.emulator.botocore(PROGRAM, &[]).trim().to_owned()
    };
    says("hello");
    world.must(&["deploy"]);
    assert_eq!(said(), "\"hello Ada\"");
    assert_eq!(world.json(&["deploy"])["unchanged"], true);
    says("good day");
    world.must(&["deploy"]);
    assert_eq!(said(), "\"good day Ada\"");
    assert_eq!(world.worker()["runningCount"], json!(1));
    world.must(&["delete", "--yes"]);
}
