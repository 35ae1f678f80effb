import { expect, it } from "vitest";

import { commonFirst } from "./shared";

it("counts the lists of each value, the most common first", () => {
  const lists = [["riding", "chess", "riding"], ["riding"], ["archery", "chess", "riding"], []];
  expect(commonFirst(lists)).toEqual([
    ["riding", 3],
    ["chess", 2],
    ["archery", 1],
  ]);
});
