const contract = location.pathname.replace(/docs\/?$/, "openapi.json");
document.getElementById("contract").href = contract;
const styled = [...document.styleSheets].some((sheet) => sheet.href);
if (window.SwaggerUIBundle && styled) {
  document.getElementById("missing").remove();
  window.ui = window.SwaggerUIBundle({
    url: contract, dom_id: "#swagger-ui", deepLinking: true, tryItOutEnabled: true,
    displayRequestDuration: true, validatorUrl: null,
  });
}
