// Draws every <div data-chart="ID OF JSON">. Data comes as JSON in the page, colours from the theme's variables.
// {"type": "target", "categories": [], "target": [], "done": [], "due": [], "rate": [], "links": [], "names": {…}, "unit": ""}
// {"type": "lines",  "categories": [], "series": [{"name", "values", "dashed"}], "unit": ""}
// {"type": "pie",    "items": [{"name", "value", "href"}]}
// {"type": "heat",   "columns": [], "rows": [], "cells": [[column, row, value]], "links": {"column,row": href}, "unit": ""}
"use strict";

(() => {
  const theme = () => {
    const root = getComputedStyle(document.documentElement);
    const colour = (name) => root.getPropertyValue("--" + name).trim();
    return {
      // "inherit" would be measured as another font: labels would overlap.
      font: getComputedStyle(document.body).fontFamily,
      colour,
      series: [1, 2, 3, 4, 5, 6].map((n) => colour("chart-" + n)),
    };
  };
  const grouped = (value) => (value === null || value === undefined ? "—" : Number(value).toLocaleString("zh-CN"));
  const percent = (value) => (value === null || value === undefined ? "无法计算" : (100 * value).toFixed(1) + "%");

  const axis = (t) => ({
    axisLine: { lineStyle: { color: t.colour("mute") } }, axisTick: { show: false },
    axisLabel: { color: t.colour("ink"), fontSize: 12, fontFamily: t.font },
    splitLine: { lineStyle: { color: t.colour("chart-grid") } },
    nameTextStyle: { color: t.colour("mute"), fontFamily: t.font },
  });
  // No place may lose its name: long names break into lines of four characters, many names lean.
  const broken = (name) => (name.length > 4 ? name.match(/.{1,4}/gu).join("\n") : name);
  const category = (t, names, extra) => ({
    type: "category", data: names, ...axis(t), splitLine: { show: false },
    axisLabel: { ...axis(t).axisLabel, interval: 0, lineHeight: 15, rotate: names.length > 14 ? 40 : 0,
      formatter: names.length > 8 && names.length <= 14 ? broken : null, ...extra },
  });
  const amount = (t, extra) => ({
    type: "value", ...axis(t), axisLine: { show: false },
    axisLabel: { ...axis(t).axisLabel, formatter: grouped }, ...extra,
  });
  const legend = (t, extra) => ({
    textStyle: { color: t.colour("ink"), fontFamily: t.font, fontSize: 12 }, itemWidth: 18, itemHeight: 10, ...extra,
  });
  const tooltip = (t, extra) => ({
    // Drawn in SVG: a tooltip of HTML would carry style attributes, which the content policy forbids.
    renderMode: "richText", confine: true, backgroundColor: t.colour("card"), borderColor: t.colour("line"),
    textStyle: { color: t.colour("ink"), fontFamily: t.font, fontSize: 12 }, ...extra,
  });

  const target = (d, t) => {
    const names = { target: "目标", done: "完成", due: "序时应完成", rate: "完成率", ...d.names };
    const bars = { type: "bar", barMaxWidth: 18, barGap: "-100%", cursor: "pointer" };
    const series = [
      { ...bars, name: names.target, data: d.target, itemStyle: { color: t.colour("chart-target") } },
      { ...bars, name: names.done, data: d.done, itemStyle: { color: t.series[0] } },
    ];
    const scales = [amount(t)];
    if (d.due) {
      // The pace: a stroke across each pair of bars, where they should stand today.
      series.push({ type: "line", name: names.due, data: d.due, symbol: "rect", symbolSize: [26, 3], lineStyle: { width: 0 },
        itemStyle: { color: t.colour("ink") } });
    }
    if (d.rate) {
      const top = Math.max(1, ...d.rate.map((r) => Number(r) || 0));
      scales.push(amount(t, { min: 0, max: Math.ceil(top * 5) / 5, splitLine: { show: false },
        axisLabel: { ...axis(t).axisLabel, formatter: (v) => Math.round(100 * v) + "%" } }));
      series.push({ type: "line", name: names.rate, data: d.rate, yAxisIndex: 1, symbol: "circle", symbolSize: 7,
        itemStyle: { color: t.colour("card"), borderColor: t.series[2], borderWidth: 2 },
        lineStyle: { color: t.series[2], width: 2 } });
    }
    return {
      grid: { left: 8, right: 12, top: 40, bottom: 4, containLabel: true },
      legend: legend(t, { right: 8, top: 4, data: series.map((s) => ({ name: s.name })) }),
      tooltip: tooltip(t, { trigger: "axis", axisPointer: { type: "shadow" },
        formatter: (rows) => [rows[0].name, ...rows.map((r) => `${r.seriesName}  ${r.seriesName === names.rate ? percent(r.value)
          : grouped(r.value) + " " + (d.unit || "")}`)].join("\n") }),
      xAxis: category(t, d.categories), yAxis: scales, series,
    };
  };

  const lines = (d, t) => ({
    color: t.series,
    grid: { left: 8, right: 16, top: 40, bottom: 4, containLabel: true },
    legend: legend(t, { right: 8, top: 4 }),
    tooltip: tooltip(t, { trigger: "axis", valueFormatter: (v) => `${grouped(v)} ${d.unit || ""}` }),
    xAxis: category(t, d.categories, { interval: "auto" }), yAxis: amount(t),
    series: d.series.map((s) => ({ type: "line", name: s.name, data: s.values, symbol: "circle", symbolSize: 5,
      connectNulls: false, lineStyle: { width: 2, type: s.dashed ? "dashed" : "solid" } })),
  });

  const pie = (d, t) => ({
    color: t.series,
    legend: legend(t, { bottom: 4, left: "center" }),
    tooltip: tooltip(t, { trigger: "item", formatter: (p) => `${p.name}  ${grouped(p.value)} ${d.unit || ""}  ${p.percent}%` }),
    series: [{ type: "pie", radius: ["33%", "54%"], center: ["50%", "42%"], data: d.items, cursor: "pointer",
      itemStyle: { borderColor: t.colour("card"), borderWidth: 1 },
      label: { formatter: "{d}%", color: t.colour("ink"), fontFamily: t.font, fontSize: 12, overflow: "none" },
      labelLine: { length: 8, length2: 8 } }],
  });

  const heat = (d, t) => ({
    grid: { left: 8, right: 8, top: 8, bottom: 44, containLabel: true },
    tooltip: tooltip(t, { formatter: (p) => `${d.rows[p.value[1]]} ${d.columns[p.value[0]]}  ${grouped(p.value[2])} ${d.unit || ""}` }),
    xAxis: category(t, d.columns), yAxis: { ...category(t, d.rows), inverse: true },
    visualMap: { min: 0, max: Math.max(1, ...d.cells.map((c) => Number(c[2]) || 0)), orient: "horizontal", left: "center", bottom: 0,
      itemHeight: 120, textStyle: { color: t.colour("mute"), fontFamily: t.font }, inRange: { color: [t.colour("heat-low"), t.colour("heat-high")] } },
    series: [{ type: "heatmap", data: d.cells, itemStyle: { borderColor: t.colour("card"), borderWidth: 1 }, cursor: "pointer" }],
  });

  const kinds = { target, lines, pie, heat };
  const hrefOf = (d, p) => (p.data && p.data.href) || (d.type === "heat" ? (d.links || {})[`${p.value[0]},${p.value[1]}`] : (d.links || [])[p.dataIndex]);

  const draw = (box) => {
    const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const chart = echarts.getInstanceByDom(box) || echarts.init(box, null, { renderer: "svg" });
    const t = theme();
    chart.setOption({ animation: false, textStyle: { fontFamily: t.font }, ...kinds[data.type](data, t) }, true);
    chart.off("click");
    chart.on("click", (p) => { const href = hrefOf(data, p); if (href) window.location.assign(href); });
  };
  const drawAll = (root) => root.querySelectorAll("[data-chart]").forEach(draw);

  const sizes = new ResizeObserver((entries) => entries.forEach(({ target: box }) => {
    const chart = echarts.getInstanceByDom(box);
    if (chart) chart.resize();
  }));
  drawAll(document);
  document.querySelectorAll("[data-chart]").forEach((box) => sizes.observe(box));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
  document.addEventListener("htmx:afterSwap", (event) => event.target.querySelectorAll("[data-chart]").forEach((box) => { draw(box); sizes.observe(box); }));
})();
