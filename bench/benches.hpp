#pragma once

namespace terrazzo::bench {

void tiles();     // tiles.cpp
void metadata();  // jobs.cpp
void optimize();  // jobs.cpp

}  // namespace terrazzo::bench
