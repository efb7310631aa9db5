const { createHash, createHmac } = require('node:crypto');
const env = process.env;
const sum = text => createHash('sha256').update(text).digest('hex');
const sign = (key, text) => createHmac('sha256', key).update(text).digest();
const call = async (action, input) => {
  const { host } = new URL(env.AWS_ENDPOINT_URL);
  const body = JSON.stringify(input);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    host,
    'x-amz-date': time,
    ...(env.AWS_SESSION_TOKEN && { 'x-amz-security-token': env.AWS_SESSION_TOKEN }),
    'x-amz-target': `AWSStepFunctions.${action}`,
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`).join('');
  const parts = [time.slice(0, 8), env.AWS_REGION, 'states', 'aws4_request'];
  const scope = parts.join('/');
  const request = ['POST', '/', '', lines, names, sum(body)].join('\n');
  const key = parts.reduce(sign, `AWS4${env.AWS_SECRET_ACCESS_KEY}`);
  const signature = sign(key, ['AWS4-HMAC-SHA256', time, scope, sum(request)].join('\n')).toString('hex');
  const who = `Credential=${env.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const { host: _, ...sent } = headers;
  const answer = await fetch(env.AWS_ENDPOINT_URL, {
    method: 'POST', body, headers: { ...sent, authorization: `AWS4-HMAC-SHA256 ${who}` },
  });
  const text = await answer.text();
  if (!answer.ok && !text.includes('ExecutionAlreadyExists')) throw new Error(`${action}: ${text}`);
};
exports.handler = async (event, { awsRequestId }) => {
  const jobName = `${env.BATCH_JOB_NAME_BASE}-${awsRequestId}`;
  const input = JSON.stringify({ jobName, triggerEvent: JSON.stringify(event) });
  await call('StartExecution', { stateMachineArn: env.STATE_MACHINE_ARN, name: awsRequestId, input });
  return { jobName };
};
