#pragma once

#include <string>

namespace terrazzo::bench {

void tiles();        // tiles.cpp
void expressions();  // expressions.cpp
void metadata();     // jobs.cpp
void optimize();     // jobs.cpp
void color_cogs();   // cogs.cpp
void remote();       // remote.cpp

// In a process of its own, for color_cogs(). who: "ours" or "gdal".
void make_cog(const std::string& who, const std::string& compression,
              const std::string& in, const std::string& out);

}  // namespace terrazzo::bench
