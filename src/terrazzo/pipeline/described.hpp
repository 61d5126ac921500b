#pragma once

#include "terrazzo/pipeline/step.hpp"

namespace terrazzo::pipeline {

// What catalogues keep of a band of the item's current file; read once for all steps.
// Throws as catalog::describe().
const catalog::Metadata& described(Item& item, int band, const Tools& tools,
                                   const Context& context);

// How many bands the item's current file has. Throws as RasterOpener::open().
std::size_t band_count(Item& item, const Tools& tools, const Context& context);

}  // namespace terrazzo::pipeline
