//! Templates that are too large for a call go through a bucket.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tapedeck_cloud::{Deployment, MAX_TEMPLATE_IN_CALL, Manner, Outcome};

use crate::world::{queue, template, world};

/// Prints what is in the bucket of templates and whether it is closed to the public.
const BUCKET: &str = "
import botocore.session, json
s3 = botocore.session.get_session().create_client('s3')
bucket = 'tapedeck-templates-123456789012-eu-west-1'
print(json.dumps({
    'objects': s3.list_objects_v2(Bucket=bucket)['KeyCount'],
    'closed': all(s3.get_public_access_block(Bucket=bucket)['PublicAccessBlockConfiguration'].values()),
}))";

const BUCKETS: &str = "
import botocore.session
s3 = botocore.session.get_session().create_client('s3')
print(' '.join(one['Name'] for one in s3.list_buckets()['Buckets']))";

fn large(visibility: u32) -> Value {
    let mut large = template(&json!({ "Queue": queue(visibility) }));
    large["Metadata"] = json!({ "Filler": "x".repeat(MAX_TEMPLATE_IN_CALL) });
    large
}

#[tokio::test]
async fn a_large_template_goes_through_a_private_bucket_and_does_not_stay_there() {
    let Some(world) = world().await else { return };
    assert_eq!(world.deploy(&large(30)).await.unwrap().outcome, Outcome::Created);
    assert_eq!(
        world.deploy(&large(30)).await.unwrap().outcome,
        Outcome::Unchanged
    );
    assert_eq!(world.deploy(&large(60)).await.unwrap().outcome, Outcome::Updated);
    let bucket: Value = serde_json::from_str(&world.emulator.botocore(BUCKET, &[])).unwrap();
    assert_eq!(bucket, json!({ "objects": 0, "closed": true }));
}

#[tokio::test]
async fn a_large_template_goes_through_the_bucket_that_is_named() {
    let Some(world) = world().await else { return };
    let bucket = json!({ "Type": "AWS::S3::Bucket", "Properties": { "BucketName": "own-bucket" } });
    let tags = BTreeMap::new();
    let mut deployment = Deployment {
        stack_name: "bucket",
        template: &template(&json!({ "Bucket": bucket })),
        tags: &tags,
        template_bucket: Some("own-bucket"),
        manner: Manner::default(),
    };
    world.cloud.deploy(&deployment, &mut |_| {}).await.unwrap();
    let large = large(30);
    (deployment.stack_name, deployment.template) = ("shop", &large);
    world.cloud.deploy(&deployment, &mut |_| {}).await.unwrap();
    // Only the named one is there, and empty.
    assert_eq!(world.emulator.botocore(BUCKETS, &[]).trim(), "own-bucket");
    assert_eq!(world.cloud.empty_bucket("own-bucket").await.unwrap(), 0);
}
