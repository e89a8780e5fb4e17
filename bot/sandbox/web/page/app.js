// Where the page begins. Each part draws itself when what it watches changes; nothing here asks again and again.

import * as beside from "./beside.js";
import * as calls from "./calls.js";
import * as chargebee from "./chargebee.js";
import * as composer from "./composer.js";
import * as events from "./events.js";
import * as guide from "./guide.js";
import * as messages from "./messages.js";
import * as modal from "./modal.js";
import * as people from "./people.js";
import * as phone from "./phone.js";
import * as places from "./places.js";
import * as status from "./status.js";
import * as trouble from "./trouble.js";
import * as unread from "./unread.js";
import * as view from "./view.js";

unread.begin();
view.begin();
for (const part of [status, people, places, messages, composer, modal, beside, chargebee, calls, trouble, guide, phone]) part.begin();
messages.beginThread();
events.begin();
