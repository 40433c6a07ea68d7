// Shows the API's document, whose examples can be sent as they are.
//
// Three words in the examples differ on every service: they are replaced by the latest values that this page has seen.

const seen = {};

/** What each word stands for, and the call that answers with one if none has been seen. */
const WORDS = {
  "latest-decision": () => ask("artwork?profile=ada&title=big-buck-bunny"),
  "latest-image.webp": () => ask("artwork?profile=ada&title=big-buck-bunny"),
  "latest-token": ({ Authorization }) => ask("session/links", { method: "POST", headers: { Authorization } }),
};

async function ask(path, options) {
  const answer = await fetch(path, options);
  if (answer.ok) remember(await answer.json());
}

function remember(answer) {
  if (answer?.decision_id) seen["latest-decision"] = answer.decision_id;
  if (answer?.image?.url) seen["latest-image.webp"] = answer.image.url.split("/").pop();
  if (answer?.path) seen["latest-token"] = answer.path.split("/").pop();
}

/** The `headers` of a call have the key, if the reader has given one. */
async function filled(text, headers) {
  for (const [word, get] of Object.entries(WORDS)) {
    if (!text.includes(word)) continue;
    if (!seen[word]) await get(headers);
    text = text.replaceAll(word, seen[word] ?? word);
  }
  return text;
}

async function requestInterceptor(request) {
  request.url = await filled(request.url, request.headers);
  if (typeof request.body === "string") request.body = await filled(request.body, request.headers);
  return request;
}

function responseInterceptor(response) {
  remember(response.obj);
  return response;
}

// Deferred scripts run before modules, so SwaggerUIBundle is there.
window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  requestInterceptor,
  responseInterceptor,
});
