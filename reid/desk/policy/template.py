"""What `reid policy init` writes."""

from typing import Final

TEMPLATE: Final = """\
# The rules of this venue. `reid policy check --venue DIR` says what is missing or not allowed.

[venue]
name = "Your venue"
timezone = "Europe/Berlin"
controller = "Company, address"        # who is responsible for the data
contact = "privacy@example.org"        # for people who ask about their data
retention_hours = 72                   # sightings are erased after this, within ten minutes
case_hours = 24                        # an open case expires after this
erase_undo_minutes = 10                # so long the erasure of a case can be taken back
police_after_minutes = 10              # the desk is told to call the police
police_number = "112"
language = "en"                        # of the web app: en, es, fr, de, zh
# accepts = ["Other venue"]            # by name: venues that may search here for their cases

[signs]
posted = false                         # true once the signs hang (`reid policy sign sign.html`)
text = "Cameras help us find lost children by their clothes. Heads are made unrecognisable before \
anything is stored; no faces are used. Pictures are erased after 72 hours."

[purposes.missing-child]
label = "Missing child"
# labels = { de = "Kind vermisst" }    # in other languages; "Missing child" is translated anyway
body = true                            # age, height, build, hair and apparent sex may be used

[purposes.vulnerable-adult]
label = "Vulnerable adult"
body = ["body.age", "hair.colour"]
# sites = true                         # other sites may be searched for it too

# One entry a camera. `place` is entrance, exit, gate, corridor, hall, square, path, shop,
# restaurant, ride, attraction, playground, stand, stage, ticket-office, parking, platform, stairs,
# lift, desk, reception, pool-deck or outdoor. Rooms where people undress, wash or sleep are
# refused.
[cameras.gate]
place = "gate"
name = "Main gate"
exit = true
x = 0.1                                # position on the plan, 0 to 1 from left and top
y = 0.8
# sees_m = 15                          # how far it sees; what no camera sees is drawn as blind
# rotate = 90                          # degrees counter-clockwise to turn its picture upright
# url = "rtsp://user:password@camera/stream"    # for `reid watch`
# height_m = 3.2                       # how it hangs, if somebody measured: above the ground,
# tilt_degrees = 20                    # below the horizontal,
# fov_degrees = 45                     # and its vertical field of view; else learnt from tracks

# [plan]
# image = "plan.png"                   # in this folder
# width_m = 240                        # how wide the plan is, for walking times
# paths = [["gate", "carousel"]]       # ways people can walk; none: straight lines
# walk_m_per_s = 1.2                   # how fast a child walks

# [sites.east]                         # another venue that this one may ask, for purposes with
# address = "s3://bucket/east"         # `sites = true`; it names this one in [venue] accepts = […]
# database = "EAST_DATABASE_URL"       # environment variable with its PostgreSQL URL

# [moderation]
# refuse = ["words that a description must not hold"]
# searches_per_hour = 300              # a user: searches, similar, journeys, each other site

# [watch]
# false_alarms_per_hour = 1.0
# webhook = "https://example.org/alert"
# mqtt = "mqtt://user:password@host"
# mqtt_topic = "reid/alerts"

# [web]
# hosts = ["desk.example.org"]         # names by which browsers reach `reid serve`

# [audit]                              # seals of the audit trail go outside too, so that whoever
# file = "/mnt/other/park-seals.log"   # holds this folder cannot cut lines off unseen: a file on
# syslog = "udp://loghost:514"         # another mount, a syslog (tcp://, /dev/log), a webhook
# webhook = "https://example.org/seals"

# [adaptation]                         # allows `reid adapt`: weights that learn, without labels,
# purpose = "The same clothes are found again before other cameras"    # from redacted pictures;
# retention_hours = 24                 # further views of a track are kept so long, and no longer
# views = 3                            # than its sighting; how many of each

# [measured]                           # for `reid policy report`; files in this folder, written by
# privacy = "privacy.json"             # `reid bench privacy --data DIR --json > privacy.json`, and
# detection = "detection.json"         # likewise
# fairness = "fairness.json"
"""
