// Base units as people read them; the same table as readings/units.show.
const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const decimal = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];
const trim = (number) => {
  const size = Math.abs(number);
  if (size >= 100 || number === 0) return number.toFixed(0);
  return number.toFixed(size >= 10 ? 1 : 2);
};

export function show(value, unit) {
  if (value == null || Number.isNaN(value)) return ["", ""];
  switch (unit) {
    case "ratio": return [trim(value * 100), "%"];
    case "celsius": return [value.toFixed(1), "℃"];
    case "bytes":
    case "bytes_per_second": {
      let power = 0;
      let number = value;
      while (Math.abs(number) >= 1024 && power < binary.length - 1) { number /= 1024; power += 1; }
      return [trim(number), binary[power] + (unit === "bytes" ? "" : "/s")];
    }
    case "bits_per_second": {
      let power = 0;
      let number = value;
      while (Math.abs(number) >= 1000 && power < decimal.length - 1) { number /= 1000; power += 1; }
      return [trim(number), decimal[power]];
    }
    case "seconds": return Math.abs(value) < 1 ? [trim(value * 1000), "ms"] : [trim(value), "s"];
    default: return [trim(value), { watts: "W", volts: "V", amperes: "A", hertz: "Hz" }[unit] ?? ""];
  }
}

export const text = (value, unit) => show(value, unit).filter(Boolean).join(" ");

// On an axis: round numbers without the zeros that say nothing.
export const axisText = (value, unit) => text(value, unit).replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");

// Steps of an axis that stay round in the unit people read (binary for bytes).
export function axisSteps(unit) {
  if (!unit.startsWith("bytes")) return null;
  return Array.from({ length: 52 }, (_, power) => 2 ** power);
}
