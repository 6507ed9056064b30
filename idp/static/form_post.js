// OAuth 2.0 Form Post Response Mode 2: the answer goes to the service by itself; without scripts there is a button.
document.getElementById("answer").submit();
