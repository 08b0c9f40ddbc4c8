// One theme of all charts: the tokens of the page, one hue, quiet axes, figures as they were told by the server.

const tokens = getComputedStyle(document.documentElement);
const token = (name) => tokens.getPropertyValue(name).trim();

export const colours = {
  bar: token("--accent"),
  small: token("--light-paused"),
  ink: token("--ink"),
  soft: token("--ink-soft"),
  rule: token("--rule"),
  paper: token("--paper"),
};

const text = { fontFamily: token("--font"), color: colours.ink };
const axis = {
  axisLine: { lineStyle: { color: colours.rule } },
  axisTick: { show: false },
  axisLabel: { color: colours.soft },
  splitLine: { lineStyle: { color: colours.rule } },
};

export const theme = {
  color: [colours.bar],
  textStyle: text,
  animation: false,
  categoryAxis: { ...axis, splitLine: { show: false } },
  valueAxis: axis,
  // drawn as text: the policy of the page lets no markup bring styles of its own
  tooltip: { renderMode: "richText", backgroundColor: colours.paper, borderColor: colours.rule, textStyle: text, confine: true },
};

// A value that rests on few is hatched and grey: colour and pattern, and the words say so.
export const hatched = {
  color: colours.small,
  decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, color: "rgba(255, 255, 255, 0.75)" },
};
