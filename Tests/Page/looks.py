"""What can be measured of how a page looks."""

# Every text that is seen, with its colour and what lies behind it, both as they are blended: WCAG's ratio of the two
# (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). Colours are read back from a canvas, since there are many ways to write one.
CONTRASTS = """
const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
const known = new Map();
function channels(colour) {
    if (!known.has(colour)) {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
        known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
}
const over = ([r, g, b, a], [r2, g2, b2]) => [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a), 1];
function behind(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
        const colour = channels(getComputedStyle(at).backgroundColor);
        layers.push(colour);
        if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
}
function luminance([r, g, b]) {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (text === '' || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName) || element.closest('.unseen, option')) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const ink = over(channels(element instanceof SVGElement ? style.fill : style.color), ground);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    found.push([(light + 0.05) / (dark + 0.05), `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} ${text.slice(0, 40)}`]);
}
for (const field of document.querySelectorAll('input[placeholder]')) {
    if (!field.checkVisibility()) continue;
    const ground = behind(field);
    const ink = over(channels(getComputedStyle(field, '::placeholder').color), ground);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    found.push([(light + 0.05) / (dark + 0.05), `placeholder ${field.placeholder}`]);
}
return found;
"""


def contrasts(page):
    """[ratio, what] of every text that is shown."""
    return page.run(CONTRASTS)


def is_scrolled_sideways(page):
    return page.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth")


def nameless_controls(page):
    """Roles of what can be used and has no name that a screen reader could say."""
    nodes = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "textbox", "searchbox", "checkbox", "radio", "slider", "link", "dialog", "table", "navigation", "DisclosureTriangle"}
    controls = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"] and node.get("role", {}).get("value") in roles]
    return controls, [role for role, name in controls if not name.strip()]
