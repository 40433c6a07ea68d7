// Shows the API's document. Deferred scripts run before modules, so SwaggerUIBundle is there.

window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});
