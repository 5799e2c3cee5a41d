"""GLSL 330 of the renderer: people, places, shadows, resolve. No vendor extensions."""

from typing import Final

from reid.lab.synth.figure import MATERIAL_ROWS, MAX_BONES, MAX_MATERIALS

SKINNING: Final = f"""
#version 330 core
const int MAX_BONES = {MAX_BONES};
uniform vec4 bones[{MAX_BONES * 3}];
in vec3 in_position; in vec3 in_normal; in vec3 in_cloth;
in uvec4 in_bones; in vec4 in_weights; in uvec4 in_meta;
vec3 skinned(vec3 p, vec3 n, out vec3 normal) {{
    vec4 x = vec4(0), y = vec4(0), z = vec4(0);
    for (int i = 0; i < 4; ++i) {{
        int b = int(in_bones[i]) * 3;
        float w = in_weights[i];
        x += w * bones[b]; y += w * bones[b + 1]; z += w * bones[b + 2];
    }}
    normal = vec3(dot(x.xyz, n), dot(y.xyz, n), dot(z.xyz, n));
    vec4 q = vec4(p, 1);
    return vec3(dot(x, q), dot(y, q), dot(z, q));
}}
"""

PERSON_VERTEX: Final = (
    SKINNING
    + """
uniform mat4 view_projection;
uniform mat4 sun_matrix;
uniform vec3 eye;
out vec3 world; out vec3 normal; out vec3 cloth; out vec4 in_sun;
flat out uvec4 meta;
const float LIFT = 0.015;  // metres that each layer is drawn nearer
void main() {
    vec3 n;
    world = skinned(in_position, in_normal, n);
    normal = n; cloth = in_cloth; meta = in_meta;
    in_sun = sun_matrix * vec4(world, 1);
    vec4 here = view_projection * vec4(world, 1);
    vec3 nearer = world + normalize(eye - world) * LIFT * float(in_meta.w);
    vec4 there = view_projection * vec4(nearer, 1);
    gl_Position = vec4(here.xy, there.z / there.w * here.w, here.w);
}
"""
)

LIGHT: Final = """
uniform vec3 eye; uniform vec3 sun; uniform vec3 sun_colour; uniform vec3 sky; uniform vec3 ground;
uniform sampler2DShadow shadow_map; uniform float shadow_texel;
uniform vec4 feet[16]; uniform int feet_count; uniform int style;
in vec3 world; in vec3 normal; in vec4 in_sun;
layout(location = 0) out vec4 colour;
layout(location = 1) out vec4 label;

float sunlit(float slope) {
    if (shadow_texel < 0.0) return 1.0;
    vec3 p = in_sun.xyz * 0.5 + 0.5;
    if (any(lessThan(p, vec3(0))) || any(greaterThan(p, vec3(1)))) return 1.0;
    p.z -= 0.0015 + 0.003 * slope;
    float t = shadow_texel;
    float s = texture(shadow_map, p + vec3(-t, -t, 0)) + texture(shadow_map, p + vec3(t, -t, 0))
            + texture(shadow_map, p + vec3(-t, t, 0)) + texture(shadow_map, p + vec3(t, t, 0));
    return s * 0.25;
}

// people as upright capsules that hide a part of the sky from a surface
float open_sky(vec3 p, vec3 n, int self) {
    float open = 1.0;
    for (int i = 0; i < feet_count; ++i) {
        if (i == self) continue;
        vec3 d = feet[i].xyz - p;
        float h = feet[i].w;
        float above = p.y - feet[i].y;
        d.y = clamp(above, 0.0, h) - above + clamp(0.5 * h - above, 0.0, 0.4 * h);
        float r2 = dot(d.xz, d.xz);
        float facing = clamp(0.55 + 0.45 * dot(n, normalize(d + vec3(0, 1e-3, 0))), 0.0, 1.0);
        float near = exp(-r2 / (0.05 + 0.028 * h * h));
        float contact = exp(-r2 / 0.06) * step(abs(above), 0.25);
        open *= 1.0 - 0.5 * near * facing - 0.42 * contact * max(n.y, 0.0);
    }
    return open;
}

vec3 shade(vec3 albedo, vec3 n, float occlusion, float gloss, float wrap, float sun_share) {
    vec3 v = normalize(eye - world);
    float facing = dot(n, sun);
    float slope = 1.0 - clamp(facing, 0.0, 1.0);
    float up = 0.5 + 0.5 * n.y;
    vec3 ambient = mix(ground, sky, up) * occlusion;
    float lit = sun_share * sunlit(slope);
    if (style == 1) {  // another renderer: harder terminator, flat ambient, rim light
        float band = smoothstep(-0.05, 0.12, facing) * (0.35 + 0.65 * max(facing, 0.0));
        ambient = mix((sky + ground) * 0.5, ambient, 0.35) * mix(1.0, occlusion, 0.4);
        float rim = pow(1.0 - max(dot(n, v), 0.0), 3.0) * 0.22;
        vec3 half_way = normalize(sun + v);
        float spec = pow(max(dot(n, half_way), 0.0), 18.0) * gloss * 0.9;
        vec3 glow = (sky * rim + sun_colour * lit * spec) * 0.5;
        return albedo * (ambient + sun_colour * lit * band) + glow;
    }
    float diffuse = max((facing + wrap) / (1.0 + wrap), 0.0) / (1.0 + wrap);
    diffuse = mix(max(facing, 0.0), diffuse, 0.5 + 0.5 * wrap);
    vec3 half_way = normalize(sun + v);
    float shine = mix(8.0, 60.0, gloss);
    float spec = pow(max(dot(n, half_way), 0.0), shine) * gloss * 0.6;
    float fresnel = pow(1.0 - max(dot(n, v), 0.0), 4.0);
    vec3 around = mix(ground, sky, clamp(up + 0.2, 0.0, 1.0)) * occlusion;
    vec3 sheen = around * fresnel * (0.03 + 0.25 * gloss);
    return albedo * (ambient + sun_colour * lit * diffuse) + sun_colour * lit * spec + sheen;
}
"""

SURFACE: Final = """
// alpha of a label: surfaces of one person and part that hide each other still have an edge
float surface(uvec4 meta) {
    return float(1u + (meta.z * 2u + (gl_FrontFacing ? 1u : 0u)) * 3u + meta.w % 3u) / 255.0;
}
"""

PERSON_FRAGMENT: Final = (
    "#version 330 core\n"
    + LIGHT
    + SURFACE
    + f"""
uniform vec4 materials[{MAX_MATERIALS * MATERIAL_ROWS}];
uniform sampler2DArray weaves; uniform sampler2DArray folds;
uniform vec4 self_label; uniform int self;
uniform vec4 face_paint; uniform vec4 hair_colour;
uniform float head_size; uniform float height; uniform vec2 seed;
in vec3 cloth; flat in uvec4 meta;
const int ROWS = {MATERIAL_ROWS};
"""
    + """
const int SKIN = 1, HAIR = 2;
const int TRUNK = 0, HEAD_REGION = 5, THING = 6;
const int TILED = 0, ON_CHEST = 1, OVER_HEIGHT = 2, SUIT_FRONT = 3, UNWOVEN = 5;

float outside(float x, float low, float high) {  // 0 inside a span, 1 well outside
    return 1.0 - smoothstep(low - 0.045, low, x) * (1.0 - smoothstep(high, high + 0.05, x));
}

vec3 painted_head(vec3 albedo, vec3 c) {
    // c: across, ahead, up from the head joint; p in units of the head's height
    vec2 p = vec2(abs(c.x), c.z) / head_size;
    float back = 1.0 - smoothstep(-0.05, 0.12, c.y / head_size);
    float scalp = max(smoothstep(0.5, 0.6, p.y), back * smoothstep(-0.12, 0.0, p.y));
    albedo = mix(albedo, hair_colour.rgb, scalp * hair_colour.a);
    if (c.y < 0.15 * head_size) return albedo;
    // a child's features lie a little higher in the smaller lower face
    float grown = clamp((height - 0.9) / 0.7, 0.0, 1.0);
    vec2 eye_at = vec2(0.155, mix(0.265, 0.245, grown));
    vec2 eye = (p - eye_at) * vec2(1.0, 1.9);
    float eye_d = length(eye);
    float brow = 1.0 - smoothstep(0.018, 0.04, abs(p.y - 0.365 + 0.25 * abs(p.x - 0.15)));
    brow *= 1.0 - outside(p.x, 0.08, 0.22);
    vec2 mouth = p - vec2(0.0, mix(-0.13, -0.175, grown));
    float lips = 1.0 - smoothstep(0.75, 1.0, length(mouth / vec2(0.125, 0.042)));
    float parting = lips * (1.0 - smoothstep(0.004, 0.010, abs(mouth.y)));
    vec2 nose = vec2(0.034, mix(0.0, -0.055, grown));
    float nostril = 1.0 - smoothstep(0.6, 1.0, length((p - nose) / vec2(0.03, 0.016)));
    float flank = exp(-pow((p.x - 0.075) / 0.03, 2.0)) * smoothstep(nose.y, nose.y + 0.04, p.y)
                * (1.0 - smoothstep(0.17, 0.26, p.y));
    float cheek = exp(-pow(length((p - vec2(0.2, 0.04)) / vec2(0.11, 0.09)), 2.0));
    float beard = face_paint.w * (1.0 - smoothstep(0.02, 0.10, p.y));
    albedo *= mix(vec3(1), vec3(1.06, 0.88, 0.86), 0.6 * cheek);
    albedo *= 1.0 - 0.16 * flank;
    albedo = mix(albedo, face_paint.rgb, 0.75 * brow);
    albedo = mix(albedo, face_paint.rgb * 0.8, beard * (1.0 - lips) * 0.8);
    albedo = mix(albedo, albedo * vec3(0.85, 0.5, 0.5), lips * 0.8);
    albedo = mix(albedo, albedo * 0.35, max(0.8 * parting, 0.7 * nostril));
    albedo *= 1.0 - 0.3 * exp(-eye_d * eye_d * 45.0);
    // the white of the eye, its iris and pupil, and the dark line of the upper lid
    float inside = 1.0 - smoothstep(0.052, 0.068, eye_d);
    float iris = 1.0 - smoothstep(0.024, 0.034, length(p - eye_at));
    float lid = inside * smoothstep(0.012, 0.03, eye.y)
              + (1.0 - smoothstep(0.012, 0.022, abs(eye_d - 0.066))) * step(0.0, eye.y);
    vec3 ball = mix(vec3(0.62, 0.6, 0.58), vec3(0.03, 0.02, 0.015), iris);
    albedo = mix(albedo, ball, 0.9 * inside);
    return mix(albedo, vec3(0.03, 0.02, 0.02), 0.85 * clamp(lid, 0.0, 1.0));
}

// how much cloth gathers here: at elbows, knees, ends of limbs, above the hem of a top
float gathering(int region) {
    float size = height / 1.7;
    if (region == TRUNK) return 0.5 + 0.8 * smoothstep(0.4, 0.95, cloth.z / (0.55 * size));
    if (region > 4) return 1.0;
    float t = cloth.z / ((region <= 2 ? 0.52 : 0.82) * size);
    return 0.45 + 0.9 * exp(-pow((t - 0.5) * 6.0, 2.0)) + 0.8 * smoothstep(0.75, 1.0, t)
         + 0.5 * exp(-t * 8.0);
}

// the body hides the sky from itself: under chin and arms, between legs, near the ground
float own_occlusion(vec3 n, int region, int kind) {
    float open = 0.64 + 0.36 * (0.5 + 0.5 * n.y);
    if (region == 3 || region == 4) {
        float inner = (region == 3 ? -1.0 : 1.0) * cloth.x;
        float high = 1.0 - clamp(cloth.z * 1.2, 0.0, 0.9);
        open *= 1.0 - 0.38 * clamp(-inner * 9.0, 0.0, 1.0) * high;
    }
    if (region == 1 || region == 2)
        open *= 1.0 - 0.35 * exp(-cloth.z * 9.0) * clamp(0.4 - n.y, 0.0, 1.0);
    if (region == TRUNK) {
        float flank = clamp(abs(cloth.x) * 7.0 - 0.5, 0.0, 1.0);
        float armpit = clamp(1.0 - cloth.z * 2.5, 0.0, 1.0) * clamp(0.3 - n.y, 0.0, 1.0);
        open *= 1.0 - 0.3 * flank * armpit;
    }
    if (kind == SKIN && region == HEAD_REGION)
        open *= 1.0 - 0.45 * smoothstep(0.02, -0.10, cloth.z / head_size * 0.25);
    float above = (world.y - feet[max(self, 0)].y) / (0.35 * height) + 0.35;
    return open * (0.55 + 0.45 * clamp(above, 0.0, 1.0));
}

// colour 0, 1, 2 by the weave; w returns shares, height, shade
vec3 woven(vec4 m0, vec4 m1, vec4 m2, vec4 m4, vec2 uv, int region, out vec4 w) {
    int mode = int(m2.w + 0.5);
    w = vec4(0, 0, 0.5, 128.0 / 255.0);
    if (mode == TILED) {
        w = texture(weaves, vec3(uv * m1.w, m0.w));
    } else if (mode == ON_CHEST) {
        vec2 q = vec2(cloth.x, cloth.z - m4.x) / m4.y;
        vec3 dx = dFdx(cloth) / m4.y, dy = dFdy(cloth) / m4.y;
        if (region == TRUNK && cloth.y * m4.z >= 0.0 && max(abs(q.x), abs(q.y)) < 0.5) {
            vec2 g = vec2(m4.z, 1);
            w = textureGrad(weaves, vec3(q * g + 0.5, m0.w), dx.xz * g, dy.xz * g);
        }
    } else if (mode == OVER_HEIGHT) {
        bool limb = region >= 1 && region <= 4;
        float q = limb ? (m4.w > 0.0 ? cloth.z / m4.w : 0.0) : (cloth.z - m4.x) / m4.y;
        w = textureLod(weaves, vec3(0.5, clamp(q, 0.01, 0.99), m0.w), 0.0);
    } else if (mode == SUIT_FRONT) {  // shirt and tie in the V of the lapels
        float t = cloth.z / (0.3 * height);
        float open = 0.075 * (1.0 - t / 0.55) * height / 1.7;
        if (region == TRUNK && cloth.y > 0.0 && t < 0.55 && abs(cloth.x) < open)
            return abs(cloth.x) < 0.024 * (0.6 + t) ? m2.rgb : m1.rgb;
    }
    return m0.rgb * max(1.0 - w.r - w.g, 0.0) + m1.rgb * w.r + m2.rgb * w.g;
}

// a height field bends the normal (Mikkelsen 2010, unparametrised)
vec3 bumped(vec3 n, float height_field) {
    vec3 px = dFdx(world), py = dFdy(world);
    vec3 r1 = cross(py, n), r2 = cross(n, px);
    float det = dot(px, r1);
    vec3 grad = sign(det) * (dFdx(height_field) * r1 + dFdy(height_field) * r2);
    return normalize(abs(det) * n - grad * 0.9);
}

void main() {
    int k = int(meta.x) * ROWS, region = int(meta.z);
    vec4 m0 = materials[k], m3 = materials[k + 3];
    int kind = int(m3.z + 0.5);
    bool limb = region >= 1 && region <= 4;
    // arc length round the region's axis: a front and a back panel, seams at the sides
    float angle = atan(cloth.x, abs(cloth.y));
    vec2 uv = vec2(angle * length(cloth.xy), cloth.z);
    if (region == THING) uv = vec2(cloth.x + cloth.z, cloth.y);
    vec3 n = normalize(normal);
    if (!gl_FrontFacing) n = -n;

    vec4 w = vec4(0, 0, 0.5, 128.0 / 255.0);
    vec3 albedo = m0.rgb;
    if (kind != SKIN && int(materials[k + 2].w + 0.5) != UNWOVEN)
        albedo = woven(m0, materials[k + 1], materials[k + 2], materials[k + 4], uv, region, w);

    float crease = 0.0;
    if (m3.x > 0.0) {
        vec2 often = limb ? vec2(1.9, 1.5) : vec2(1.3, 1.15);
        vec2 at = uv * often;
        if (kind == HAIR) at = vec2(angle * 0.12 * 14.0, world.y * 1.2);
        crease = (texture(folds, vec3(at + seed, m3.w)).r * 2.0 - 1.0) * m3.x;
        if (kind != HAIR) crease *= gathering(region);
        float weft = kind == HAIR ? 0.0 : (w.b - 0.5) * 0.004;
        n = bumped(n, crease * 0.009 + weft);
    }
    albedo *= w.a * (255.0 / 128.0) * (1.0 + 0.10 * crease);
    if (kind == HAIR) albedo *= 1.0 + 0.25 * crease / max(m3.x, 0.01);
    if (kind == SKIN && region == HEAD_REGION) albedo = painted_head(albedo, cloth);
    if (kind == SKIN && (region == 1 || region == 2))
        albedo *= mix(vec3(1), vec3(1.05, 0.93, 0.9), smoothstep(0.5, 0.6, cloth.z));

    float occlusion = own_occlusion(n, region, kind) * open_sky(world, n, self);
    float wrap = kind == SKIN ? 0.35 : (kind == HAIR ? 0.3 : 0.2);
    colour = vec4(shade(albedo, n, occlusion, m3.y, wrap, 1.0), 1);
    label = vec4(self_label.xy, float(meta.y) / 255.0, surface(meta));
}
"""
)

SILHOUETTE_FRAGMENT: Final = (
    "#version 330 core\n"
    + SURFACE
    + """
uniform vec4 self_label;
flat in uvec4 meta;
layout(location = 0) out vec4 label;
void main() { label = vec4(self_label.xy, float(meta.y) / 255.0, surface(meta)); }
"""
)

PLACE_VERTEX: Final = """
#version 330 core
uniform mat4 view_projection; uniform mat4 sun_matrix; uniform int first_quad;
in vec3 in_position; in vec3 in_normal; in vec2 in_uv;
out vec3 world; out vec3 normal; out vec4 in_sun; out vec2 uv; flat out float quad;
void main() {
    world = in_position; normal = in_normal; uv = in_uv;
    quad = float(1 + (first_quad + gl_VertexID / 6) % 255) / 255.0;
    in_sun = sun_matrix * vec4(world, 1);
    gl_Position = view_projection * vec4(world, 1);
}
"""

PLACE_FRAGMENT: Final = (
    "#version 330 core\n"
    + LIGHT
    + """
uniform sampler2D image; uniform int cutout;
in vec2 uv; flat in float quad;
void main() {
    vec4 texel = texture(image, uv);
    if (cutout == 1 && texel.a < 0.5) discard;
    vec3 n = normalize(normal);
    if (dot(n, eye - world) < 0.0) n = -n;
    vec3 albedo = texel.rgb * texel.rgb * (texel.rgb * 0.305 + 0.682) + texel.rgb * 0.0125;
    colour = vec4(shade(albedo, n, open_sky(world, n, -1), 0.04, 0.0, 1.0), 1);
    label = vec4(0, 0, 0, quad);
}
"""
)

PLACE_EDGES_FRAGMENT: Final = """
#version 330 core
uniform sampler2D image; uniform int cutout;
in vec2 uv; flat in float quad;
layout(location = 0) out vec4 label;
void main() {
    if (cutout == 1 && texture(image, uv).a < 0.5) discard;
    label = vec4(0, 0, 0, quad);
}
"""

SHADOW_VERTEX: Final = (
    SKINNING
    + """
uniform mat4 sun_matrix;
void main() {
    vec3 n;
    gl_Position = sun_matrix * vec4(skinned(in_position, in_normal, n), 1);
}
"""
)

SHADOW_FRAGMENT: Final = """
#version 330 core
void main() {}
"""

RESOLVE_VERTEX: Final = """
#version 330 core
in vec2 in_corner;
void main() { gl_Position = vec4(in_corner, 0, 1); }
"""


def resolve_fragment(*, edges: bool) -> str:
    """Return the shader that smooths edges, encodes sRGB and turns rows top to bottom.

    With `edges` each pixel is the mean of four quarters, whose labels were drawn at twice the size.
    A quarter that shows what the pixel's middle shows has its colour, another that of the
    neighbours beside it that show the same (Chajdas et al., "Subpixel reconstruction
    antialiasing", 2011): the costly shading is done once a pixel.
    """
    return f"""
#version 330 core
uniform sampler2D linear_image; uniform sampler2D labels; uniform sampler2D fine;
uniform ivec2 size;
layout(location = 0) out vec4 colour;
layout(location = 1) out vec4 label;

vec3 seen(ivec2 at) {{ return min(texelFetch(linear_image, at, 0).rgb, vec3(1.6)); }}

void add(ivec2 at, vec4 wanted, float weight, inout vec4 sum) {{
    at = clamp(at, ivec2(0), size - 1);
    if (texelFetch(labels, at, 0) == wanted) sum += vec4(seen(at), 1) * weight;
}}

vec3 quarter(ivec2 at, ivec2 part, vec4 middle, vec3 own) {{
    vec4 wanted = texelFetch(fine, at * 2 + part, 0);
    if (wanted == middle) return own;
    ivec2 d = part * 2 - 1;
    vec4 sum = vec4(own, 1) * 1e-4;
    add(at + ivec2(d.x, 0), wanted, 1.0, sum);
    add(at + ivec2(0, d.y), wanted, 1.0, sum);
    add(at + d, wanted, 0.5, sum);
    return sum.rgb / sum.a;
}}

void main() {{
    ivec2 at = ivec2(int(gl_FragCoord.x), size.y - 1 - int(gl_FragCoord.y));  // rows top to bottom
    label = texelFetch(labels, at, 0);
    vec3 c = seen(at);
    {SMOOTHED if edges else ""}
    c = clamp(c, 0.0, 1.0);
    vec3 curve = 1.055 * pow(max(c, vec3(1e-5)), vec3(1.0 / 2.4)) - 0.055;
    colour = vec4(mix(c * 12.92, curve, step(0.0031308, c)), 1);
}}
"""


SMOOTHED: Final = """vec3 sum = vec3(0);
    for (int i = 0; i < 4; ++i) sum += quarter(at, ivec2(i & 1, i >> 1), label, c);
    c = sum * 0.25;"""
