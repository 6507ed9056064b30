// Takes what the browser has found from behind `#` into the form. It is sent when the reporter sends the form, not before.

const told = new URLSearchParams(location.hash.slice(1));
const form = document.getElementById("report-form");
const field = (name) => form.elements[name];
if (told.get("number") && !field("number").value) field("number").value = told.get("number").slice(0, 120);
if (told.get("reason")) field("reason").value = told.get("reason").slice(0, 40);
const likely = told.get("wrong");
for (const choice of field("wrong")) if (choice.value === likely) choice.checked = true;
history.replaceState(null, "", location.pathname + location.search);
