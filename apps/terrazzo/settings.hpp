#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "command.hpp"
#include "terrazzo/maps/settings.hpp"
#include "terrazzo/raster/colormap.hpp"

namespace terrazzo::app {

// A variable that is no setting: TERRAZZO_NAME, else TC_NAME; empty ones count as absent.
std::optional<std::string> environment(std::string_view name);

// Defaults < file (-c) < environment < flags.
// Throws not_found: there is no such file. invalid_input: something in it is wrong.
maps::Settings load_settings(const Session& session, const Json& flags);

// The URI of a database with the user and password of the settings, if it is on a server
// and names no user. Throws as load_settings().
std::string with_login(const Session& session, const std::string& uri);

// The built-in ones and every NAME.npy or NAME_rgba.npy in the folder
// EXTRA_CMAP_FOLDER of the environment.
// Throws not_found: there is no such folder. corrupt_data: a file is not a colour map.
raster::Colormaps load_colormaps();

}  // namespace terrazzo::app
